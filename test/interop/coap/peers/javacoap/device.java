/**
 * A device on java-coap for the interop tests: it asks the server named by its argument (host:port) what each line on
 * standard input says (see Line), and serves /3303/0/5700, /3/0/14, /3/0/4 and /19/0/0/0 on the same socket, with
 * ETags. What has more than 32 octets goes in blocks, with a Request-Tag (RFC 9175).
 */
import com.mbed.coap.client.CoapClient;
import com.mbed.coap.packet.BlockSize;
import com.mbed.coap.packet.CoapRequest;
import com.mbed.coap.packet.CoapResponse;
import com.mbed.coap.packet.Code;
import com.mbed.coap.packet.Method;
import com.mbed.coap.packet.Opaque;
import com.mbed.coap.server.CoapServer;
import com.mbed.coap.server.RouterService;
import com.mbed.coap.server.filter.EtagGeneratorFilter;
import com.mbed.coap.server.messaging.RequestTagSupplier;
import com.mbed.coap.server.observe.ObserversManager;
import com.mbed.coap.transport.udp.DatagramSocketTransport;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

class Device {
  record Value(Opaque payload, short format) {}

  static final String temperature = "/3303/0/5700";
  static final Map<String, Value> values = new ConcurrentHashMap<>(Map.of(
      temperature, new Value(Opaque.of("20.5"), (short) 0),
      "/3/0/14", new Value(Opaque.of("+00:00"), (short) 0),
      "/19/0/0/0", new Value(Opaque.EMPTY, (short) 42)));
  static final ObserversManager observers = new ObserversManager();

  public static void main(String[] args) throws Exception {
    var target = args[0].split(":");
    var to = new InetSocketAddress(target[0], Integer.parseInt(target[1]));
    var routes = RouterService.builder();
    for (var path : values.keySet()) routes.get(path, Device::read).put(path, Device::write);
    routes.post("/3/0/4", request -> CoapResponse.coapResponse(Code.C204_CHANGED).toFuture());
    var device = CoapServer.builder()
        .transport(new DatagramSocketTransport(new InetSocketAddress("127.0.0.1", 0)))
        .blockSize(BlockSize.S_32)
        .requestTagSupplier(RequestTagSupplier.createSequential())
        .route(observers.andThen(EtagGeneratorFilter.PAYLOAD_HASHING).then(routes.build()))
        .notificationsReceiver((path, notification) -> {
          Line.observed(notification.getPayload().getBytes());
          return true;
        })
        .build();
    observers.init(device);
    device.start();
    var client = CoapClient.create(to, device);
    Line.open();
    var lines = new BufferedReader(new InputStreamReader(System.in));
    for (String text; (text = lines.readLine()) != null; ) {
      var line = new Line(text);
      if (line.has("set")) set(Opaque.of(line.word("set")));
      else ask(client, line);
    }
    client.close();
  }

  static CompletableFuture<CoapResponse> read(CoapRequest request) {
    var value = values.get(request.options().getUriPath());
    return CoapResponse.ok(value.payload).contentFormat(value.format).toFuture();
  }

  static CompletableFuture<CoapResponse> write(CoapRequest request) {
    values.put(request.options().getUriPath(), new Value(request.getPayload(), request.options().getContentFormat()));
    return CoapResponse.coapResponse(Code.C204_CHANGED).toFuture();
  }

  static void set(Opaque value) {
    values.put(temperature, new Value(value, (short) 0));
    observers.sendObservation(temperature, request ->
        CoapResponse.ok(value).contentFormat((short) 0).toFuture());
  }

  static void ask(CoapClient client, Line line) {
    var request = line.has("observe") ? CoapRequest.observe(line.word("path"))
        : CoapRequest.request(Method.valueOf(line.word("method")), line.word("path"));
    for (var query : line.words("query")) {
      var parts = query.split("=", 2);
      request.query(parts[0], parts.length > 1 ? parts[1] : "");
    }
    line.number("format").ifPresent(format -> request.contentFormat(format.shortValue()));
    if (line.has("payload")) request.payload(new Opaque(line.octets("payload")));
    else line.number("szx").ifPresent(szx -> request.blockSize(BlockSize.fromRawSzx(szx.byteValue())));
    try {
      var answer = client.sendSync(request);
      var location = answer.options().getLocationPath();
      var code = answer.getCode().getCoapCode();
      var dotted = "%d.%02d".formatted(code >> 5, code & 0x1f);
      Line.told(dotted, answer.getPayload().getBytes(), location == null ? "" : location);
    } catch (Exception why) {
      Line.told(why.toString(), new byte[0], "");
    }
  }
}
