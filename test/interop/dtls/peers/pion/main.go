// A DTLS 1.2 client of pion/dtls for the interop tests: PSK, connection ids (RFC 9146) with and without
// padding, and a change of address at will. A line on standard input is hex to send, or "move"; it prints
// "open SUITE", "got HEX" for each answer, "moved PORT", or "failed: WHY".
package main

import (
	"bufio"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
)

// rebound is a UDP socket whose local port can be changed under the association, as a NAT does.
type rebound struct {
	mu       sync.Mutex
	inner    *net.UDPConn
	arrivals chan []byte
	closed   chan struct{}
	deadline time.Time
}

func newRebound() (*rebound, error) {
	r := &rebound{arrivals: make(chan []byte, 64), closed: make(chan struct{})}
	return r, r.move()
}

func (r *rebound) move() error {
	next, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	r.mu.Lock()
	before := r.inner
	r.inner = next
	r.mu.Unlock()
	if before != nil {
		_ = before.Close()
	}
	go func() {
		for {
			buffer := make([]byte, 2048)
			n, _, err := next.ReadFrom(buffer)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				r.arrivals <- buffer[:n]
			}
		}
	}()
	return nil
}

func (r *rebound) ReadFrom(p []byte) (int, net.Addr, error) {
	r.mu.Lock()
	deadline := r.deadline
	r.mu.Unlock()
	var late <-chan time.Time
	if !deadline.IsZero() {
		late = time.After(time.Until(deadline))
	}
	select {
	case arrival := <-r.arrivals:
		return copy(p, arrival), server, nil
	case <-late:
		return 0, nil, os.ErrDeadlineExceeded
	case <-r.closed:
		return 0, nil, net.ErrClosed
	}
}

func (r *rebound) WriteTo(p []byte, to net.Addr) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inner.WriteTo(p, to)
}

func (r *rebound) Close() error { close(r.closed); return r.inner.Close() }
func (r *rebound) LocalAddr() net.Addr {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inner.LocalAddr()
}
func (r *rebound) SetReadDeadline(t time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deadline = t
	return nil
}
func (r *rebound) SetDeadline(t time.Time) error      { return r.SetReadDeadline(t) }
func (r *rebound) SetWriteDeadline(_ time.Time) error { return nil }

var server *net.UDPAddr

var suites = map[string]dtls.CipherSuiteID{
	"PSK_WITH_AES_128_CCM_8":              dtls.TLS_PSK_WITH_AES_128_CCM_8,
	"PSK_WITH_AES_128_CCM":                dtls.TLS_PSK_WITH_AES_128_CCM,
	"PSK_WITH_AES_256_CCM_8":              dtls.TLS_PSK_WITH_AES_256_CCM_8,
	"PSK_WITH_AES_128_GCM_SHA256":         dtls.TLS_PSK_WITH_AES_128_GCM_SHA256,
	"PSK_WITH_AES_128_CBC_SHA256":         dtls.TLS_PSK_WITH_AES_128_CBC_SHA256,
	"ECDHE_PSK_WITH_AES_128_CBC_SHA256":   dtls.TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256,
	"ECDHE_ECDSA_WITH_AES_128_CCM_8":      dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8,
	"ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
}

func fail(err error) {
	fmt.Println("failed:", err)
	os.Exit(1)
}

func main() {
	port := flag.Int("port", 5684, "of the server, on this machine")
	identity := flag.String("identity", "", "PSK identity")
	key := flag.String("key", "", "PSK, hex")
	suite := flag.String("suite", "PSK_WITH_AES_128_CCM_8", "the one suite offered")
	cid := flag.Int("cid", -1, "octets of the connection id we want to receive; -1 offers none")
	padding := flag.Uint("padding", 0, "octets of padding in each record (RFC 9146 §4)")
	mtu := flag.Int("mtu", 1200, "largest datagram")
	flag.Parse()

	server = &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: *port}
	psk, err := hex.DecodeString(*key)
	if err != nil {
		fail(err)
	}
	config := &dtls.Config{
		CipherSuites:         []dtls.CipherSuiteID{suites[*suite]},
		ExtendedMasterSecret: dtls.RequireExtendedMasterSecret,
		InsecureSkipVerify:   true,
		MTU:                  *mtu,
	}
	if *identity != "" {
		config.PSK = func([]byte) ([]byte, error) { return psk, nil }
		config.PSKIdentityHint = []byte(*identity)
	}
	if *cid == 0 {
		config.ConnectionIDGenerator = dtls.OnlySendCIDGenerator()
	} else if *cid > 0 {
		config.ConnectionIDGenerator = dtls.RandomCIDGenerator(*cid)
	}
	if *padding > 0 {
		config.PaddingLengthGenerator = func(uint) uint { return *padding }
	}

	socket, err := newRebound()
	if err != nil {
		fail(err)
	}
	connection, err := dtls.Client(socket, server, config)
	if err != nil {
		fail(err)
	}
	if err := connection.Handshake(); err != nil {
		fail(err)
	}
	state, _ := connection.ConnectionState()
	fmt.Println("open", dtls.CipherSuiteName(state.CipherSuiteID))
	go func() {
		buffer := make([]byte, 2048)
		for {
			n, err := connection.Read(buffer)
			if err != nil {
				fail(err)
			}
			fmt.Println("got", hex.EncodeToString(buffer[:n]))
		}
	}()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if lines.Text() == "move" {
			if err := socket.move(); err != nil {
				fail(err)
			}
			fmt.Println("moved", socket.LocalAddr().(*net.UDPAddr).Port)
			continue
		}
		message, err := hex.DecodeString(lines.Text())
		if err != nil {
			fail(err)
		}
		if _, err := connection.Write(message); err != nil {
			fail(err)
		}
	}
	_ = connection.Close()
}
