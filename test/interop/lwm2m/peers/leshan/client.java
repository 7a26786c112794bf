// One LwM2M client of Leshan and what it is made of. Options: server (URI), identity and key (PSK), private, public and
// peer (raw public keys, or certificates with x509=yes; all hex of DER), bootstrap=yes, queue=yes, lifetime (seconds),
// formats (by Leshan's names), cid (length of its connection id; -1 for none), version (of its firmware), ack (milliseconds).
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.leshan.client.LeshanClient;
import org.eclipse.leshan.client.LeshanClientBuilder;
import org.eclipse.leshan.client.engine.DefaultRegistrationEngineFactory;
import org.eclipse.leshan.client.object.LwM2mTestObject;
import org.eclipse.leshan.client.object.Security;
import org.eclipse.leshan.client.object.Server;
import org.eclipse.leshan.client.observer.LwM2mClientObserverAdapter;
import org.eclipse.leshan.client.resource.ObjectsInitializer;
import org.eclipse.leshan.client.send.ManualDataSender;
import org.eclipse.leshan.client.servers.LwM2mServer;
import org.eclipse.leshan.core.LwM2mId;
import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.model.LwM2mModel;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.node.codec.DefaultLwM2mDecoder;
import org.eclipse.leshan.core.node.codec.DefaultLwM2mEncoder;
import org.eclipse.leshan.core.node.codec.LwM2mValueChecker;
import org.eclipse.leshan.core.request.BootstrapRequest;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.DeregisterRequest;
import org.eclipse.leshan.core.request.RegisterRequest;
import org.eclipse.leshan.core.request.UpdateRequest;
import org.eclipse.leshan.core.util.Hex;
import org.eclipse.leshan.transport.californium.client.endpoint.CaliforniumClientEndpointsProvider;
import org.eclipse.leshan.transport.californium.client.endpoint.coap.CoapClientProtocolProvider;
import org.eclipse.leshan.transport.californium.client.endpoint.coaps.CoapsClientProtocolProvider;

class Client {
  static final int SHORT_ID = 123;
  final String name;
  final LeshanClient leshan;
  final Thermometer thermometer = new Thermometer();
  final CaliforniumClientEndpointsProvider endpoints;
  private final Map<String, String> options;

  Client(String name, Map<String, String> options, LwM2mModel model) {
    this.name = name;
    this.options = options;
    this.endpoints = endpoints();
    DeviceObject device = new DeviceObject(name, options.getOrDefault("version", "1.0.0"));
    ObjectsInitializer objects = new ObjectsInitializer(model);
    objects.setInstancesForObject(LwM2mId.SECURITY, security());
    if (has("bootstrap")) {
      objects.setClassForObject(LwM2mId.SERVER, Server.class);
    } else {
      long lifetime = Long.parseLong(options.getOrDefault("lifetime", "3600"));
      objects.setInstancesForObject(LwM2mId.SERVER, new Server(SHORT_ID, lifetime));
    }
    objects.setInstancesForObject(LwM2mId.DEVICE, device);
    objects.setInstancesForObject(LwM2mId.FIRMWARE, new Firmware(this, device));
    objects.setInstancesForObject(Thermometer.OBJECT, thermometer);
    objects.setInstancesForObject(3442, new LwM2mTestObject());
    objects.setClassForObject(LwM2mId.ACCESS_CONTROL, Plain.class);
    for (int object : new int[] {LwM2mId.DEVICE, LwM2mId.FIRMWARE, Thermometer.OBJECT}) {
      objects.setFactoryForObject(object, (objectModel, id, taken) -> new Plain());
    }
    DefaultRegistrationEngineFactory engine = new DefaultRegistrationEngineFactory();
    engine.setQueueMode(has("queue"));
    engine.setRequestTimeoutInMs(60_000);
    LeshanClientBuilder builder = new LeshanClientBuilder(name);
    builder.setObjects(objects.create(LwM2mId.SECURITY, LwM2mId.SERVER, LwM2mId.DEVICE, LwM2mId.FIRMWARE, Thermometer.OBJECT,
      LwM2mId.ACCESS_CONTROL, 3442));
    builder.setRegistrationEngineFactory(engine);
    builder.setEndpointsProviders(endpoints);
    builder.setDataSenders(new ManualDataSender());
    if (options.containsKey("formats")) {
      restrictFormats(builder, Arrays.asList(options.get("formats").split(",")));
    }
    leshan = builder.build();
    leshan.addObserver(new Events());
    leshan.start();
  }

  private boolean has(String option) {
    return options.containsKey(option);
  }

  private byte[] hex(String option) {
    return Hex.decodeHex(options.get(option).toCharArray());
  }

  private Security security() {
    String server = options.get("server");
    if (has("key")) {
      byte[] identity = options.get("identity").getBytes(StandardCharsets.UTF_8);
      return has("bootstrap")
        ? Security.pskBootstrap(server, identity, hex("key"))
        : Security.psk(server, SHORT_ID, identity, hex("key"));
    }
    if (has("x509")) {
      return Security.x509(server, SHORT_ID, hex("public"), hex("private"), hex("peer"));
    }
    if (has("private")) {
      return Security.rpk(server, SHORT_ID, hex("public"), hex("private"), hex("peer"));
    }
    return has("bootstrap") ? Security.noSecBootstrap(server) : Security.noSec(server, SHORT_ID);
  }

  private CaliforniumClientEndpointsProvider endpoints() {
    CaliforniumClientEndpointsProvider.Builder builder = new CaliforniumClientEndpointsProvider.Builder(
      new CoapClientProtocolProvider(), new CoapsClientProtocolProvider());
    Configuration configuration = builder.createDefaultConfiguration();
    configuration.set(CoapConfig.MAX_RESOURCE_BODY_SIZE, 1 << 20);
    configuration.set(CoapConfig.PROTOCOL_STAGE_THREAD_COUNT, 1);
    if (has("ack")) {
      configuration.set(CoapConfig.ACK_TIMEOUT, Integer.parseInt(options.get("ack")), TimeUnit.MILLISECONDS);
    }
    configuration.set(DtlsConfig.DTLS_RETRANSMISSION_TIMEOUT, 1, TimeUnit.SECONDS);
    configuration.set(DtlsConfig.DTLS_RECEIVER_THREAD_COUNT, 1);
    configuration.set(DtlsConfig.DTLS_CONNECTOR_THREAD_COUNT, 1);
    configuration.set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, Integer.valueOf(options.getOrDefault("cid", "0")));
    builder.setConfiguration(configuration);
    return builder.build();
  }

  /** Takes and registers these formats alone, beside text and octets. */
  private static void restrictFormats(LeshanClientBuilder builder, List<String> names) {
    List<String> kept = new ArrayList<>(names);
    kept.addAll(Arrays.asList("TEXT", "OPAQUE"));
    var nodes = DefaultLwM2mEncoder.getDefaultNodeEncoders(false);
    nodes.keySet().removeIf(format -> !kept.contains(format.getName()));
    var paths = DefaultLwM2mEncoder.getDefaultPathEncoder();
    paths.keySet().removeIf(format -> !kept.contains(format.getName()));
    var decoders = DefaultLwM2mDecoder.getDefaultNodeDecoders(false);
    decoders.keySet().removeIf(format -> !kept.contains(format.getName()));
    builder.setEncoder(new DefaultLwM2mEncoder(nodes, paths, new LwM2mValueChecker()));
    builder.setDecoder(new DefaultLwM2mDecoder(decoders));
  }

  void send(String format, List<String> paths) throws Exception {
    for (LwM2mServer server : leshan.getRegisteredServers().values()) {
      var answer = leshan.getSendService().sendData(server, ContentFormat.fromName(format), paths, 30_000);
      Line.say(name, "sent", answer == null ? "nothing" : answer.getCode());
    }
  }

  void collect(List<String> paths) {
    List<LwM2mPath> collected = new ArrayList<>();
    for (String path : paths) {
      collected.add(new LwM2mPath(path));
    }
    manual().collectData(collected);
    Line.say(name, "collected");
  }

  void flush(String format) throws Exception {
    for (LwM2mServer server : leshan.getRegisteredServers().values()) {
      manual().sendCollectedData(server, ContentFormat.fromName(format), 30_000, false);
      Line.say(name, "flushed");
    }
  }

  private ManualDataSender manual() {
    return leshan.getSendService().getDataSender(ManualDataSender.DEFAULT_NAME, ManualDataSender.class);
  }

  private class Events extends LwM2mClientObserverAdapter {
    @Override
    public void onRegistrationSuccess(LwM2mServer server, RegisterRequest request, String location) {
      Line.say(name, "registered", location, server.getUri());
    }

    @Override
    public void onRegistrationFailure(LwM2mServer server, RegisterRequest request, ResponseCode code, String text, Exception why) {
      Line.say(name, "failed register", code, text, why);
    }

    @Override
    public void onRegistrationTimeout(LwM2mServer server, RegisterRequest request) {
      Line.say(name, "failed register timeout");
    }

    @Override
    public void onUpdateSuccess(LwM2mServer server, UpdateRequest request) {
      Line.say(name, "updated");
    }

    @Override
    public void onUpdateFailure(LwM2mServer server, UpdateRequest request, ResponseCode code, String text, Exception why) {
      Line.say(name, "failed update", code, text, why);
    }

    @Override
    public void onUpdateTimeout(LwM2mServer server, UpdateRequest request) {
      Line.say(name, "failed update timeout");
    }

    @Override
    public void onDeregistrationSuccess(LwM2mServer server, DeregisterRequest request) {
      Line.say(name, "deregistered");
    }

    @Override
    public void onDeregistrationFailure(LwM2mServer server, DeregisterRequest request, ResponseCode code, String text, Exception why) {
      Line.say(name, "failed deregister", code, text, why);
    }

    @Override
    public void onBootstrapSuccess(LwM2mServer server, BootstrapRequest request) {
      Line.say(name, "bootstrapped");
    }

    @Override
    public void onBootstrapFailure(LwM2mServer server, BootstrapRequest request, ResponseCode code, String text, Exception why) {
      Line.say(name, "failed bootstrap", code, text, why);
    }

    @Override
    public void onBootstrapTimeout(LwM2mServer server, BootstrapRequest request) {
      Line.say(name, "failed bootstrap timeout");
    }

    @Override
    public void onUnexpectedError(Throwable why) {
      Line.say(name, "failed unexpectedly", why);
    }
  }
}
