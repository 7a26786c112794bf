// A device on go-coap for the interop tests, in the clear or over DTLS with a pre-shared key: it asks what each line on
// standard input says and serves /3303/0/5700, /3/0/14, /3/0/4 and /19/0/0/0 on the same connection. A line is JSON: method, path, and
// maybe query, payload (hex), format, observe. Each answer is a line of JSON: code, payload (hex), location; what an
// observation brings after its first answer is {"observed": HEX}.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
	coapdtls "github.com/plgd-dev/go-coap/v3/dtls"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/message/pool"
	"github.com/plgd-dev/go-coap/v3/mux"
	"github.com/plgd-dev/go-coap/v3/options"
	"github.com/plgd-dev/go-coap/v3/udp"
	"github.com/plgd-dev/go-coap/v3/udp/client"
)

type line struct {
	Method  string
	Path    string
	Query   []string
	Payload string
	Format  int
	Observe bool
}

var printing sync.Mutex

func say(what map[string]any) {
	text, _ := json.Marshal(what)
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(string(text))
}

// value is one resource that is read and written as it is.
type value struct {
	mu      sync.Mutex
	payload []byte
	format  message.MediaType
}

func (v *value) ServeCOAP(w mux.ResponseWriter, request *mux.Message) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch request.Code() {
	case codes.GET:
		_ = w.SetResponse(codes.Content, v.format, bytes.NewReader(v.payload))
	case codes.PUT:
		v.payload, _ = request.ReadBody()
		v.format, _ = request.ContentFormat()
		_ = w.SetResponse(codes.Changed, message.TextPlain, nil)
	default:
		_ = w.SetResponse(codes.MethodNotAllowed, message.TextPlain, nil)
	}
}

func dial(target, identity, key string) (*client.Conn, error) {
	router := mux.NewRouter()
	_ = router.Handle("/3303/0/5700", &value{payload: []byte("20.5"), format: message.TextPlain})
	_ = router.Handle("/3/0/14", &value{payload: []byte("+00:00"), format: message.TextPlain})
	_ = router.Handle("/19/0/0/0", &value{format: message.AppOctets})
	router.HandleFunc("/3/0/4", func(w mux.ResponseWriter, _ *mux.Message) {
		_ = w.SetResponse(codes.Changed, message.TextPlain, nil)
	})
	if identity == "" {
		return udp.Dial(target, options.WithMux(router))
	}
	secret, err := hex.DecodeString(key)
	if err != nil {
		return nil, err
	}
	return coapdtls.Dial(target, &dtls.Config{
		PSK:                   func([]byte) ([]byte, error) { return secret, nil },
		PSKIdentityHint:       []byte(identity),
		CipherSuites:          []dtls.CipherSuiteID{dtls.TLS_PSK_WITH_AES_128_CCM_8},
		ConnectionIDGenerator: dtls.OnlySendCIDGenerator(),
	}, options.WithMux(router))
}

func told(answer *pool.Message, err error) {
	if err != nil {
		say(map[string]any{"code": err.Error()})
		return
	}
	body, _ := answer.ReadBody()
	var location strings.Builder
	for _, option := range answer.Options() {
		if option.ID == message.LocationPath {
			location.WriteString("/" + string(option.Value))
		}
	}
	code := answer.Code()
	dotted := fmt.Sprintf("%d.%02d", code>>5, code&0x1f)
	say(map[string]any{"code": dotted, "payload": hex.EncodeToString(body), "location": location.String()})
}

func ask(connection *client.Conn, l line) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var more message.Options
	for _, query := range l.Query {
		more = append(more, message.Option{ID: message.URIQuery, Value: []byte(query)})
	}
	payload, _ := hex.DecodeString(l.Payload)
	body := io.ReadSeeker(bytes.NewReader(payload))
	format := message.MediaType(l.Format)
	switch {
	case l.Observe:
		first := make(chan *pool.Message, 1)
		_, err := connection.Observe(ctx, l.Path, func(notification *pool.Message) {
			select {
			case first <- notification:
				told(notification, nil)
			default:
				body, _ := notification.ReadBody()
				say(map[string]any{"observed": hex.EncodeToString(body)})
			}
		}, more...)
		if err != nil {
			told(nil, err)
		}
	case l.Method == "GET":
		told(connection.Get(ctx, l.Path, more...))
	case l.Method == "DELETE":
		told(connection.Delete(ctx, l.Path, more...))
	default:
		told(connection.Post(ctx, l.Path, format, body, more...))
	}
}

func main() {
	target := flag.String("target", "", "host:port")
	identity := flag.String("identity", "", "for DTLS")
	key := flag.String("key", "", "hex")
	flag.Parse()
	connection, err := dial(*target, *identity, *key)
	if err != nil {
		say(map[string]any{"failed": err.Error()})
		os.Exit(1)
	}
	say(map[string]any{"open": connection.LocalAddr().String()})
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			say(map[string]any{"failed": err.Error()})
			continue
		}
		ask(connection, l)
	}
}
