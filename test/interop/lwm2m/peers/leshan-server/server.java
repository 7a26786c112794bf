// An LwM2M server of Eclipse Leshan for the interop tests of the virtual device, in the clear and over DTLS with
// pre-shared keys. Each line on standard input is a command, a device's endpoint name and what else it needs:
//   key EP IDENTITY HEX      read EP PATH FORMAT      observe EP PATH FORMAT      discover EP PATH
//   write EP PATH TEXT       execute EP PATH [ARGUMENTS]      composite EP FORMAT PATH[,PATH]
// It prints "server open COAP COAPS" with its ports, and one line for each event: the endpoint name, the event, the code
// of an answer and what it says.
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Collection;
import java.util.Scanner;
import org.eclipse.leshan.core.endpoint.Protocol;
import org.eclipse.leshan.core.observation.CompositeObservation;
import org.eclipse.leshan.core.observation.Observation;
import org.eclipse.leshan.core.observation.SingleObservation;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.DiscoverRequest;
import org.eclipse.leshan.core.request.ExecuteRequest;
import org.eclipse.leshan.core.request.ObserveRequest;
import org.eclipse.leshan.core.request.ReadCompositeRequest;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.request.WriteRequest;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.response.LwM2mResponse;
import org.eclipse.leshan.core.response.ObserveCompositeResponse;
import org.eclipse.leshan.core.response.ObserveResponse;
import org.eclipse.leshan.core.util.Hex;
import org.eclipse.leshan.server.LeshanServer;
import org.eclipse.leshan.server.LeshanServerBuilder;
import org.eclipse.leshan.server.observation.ObservationListener;
import org.eclipse.leshan.server.registration.Registration;
import org.eclipse.leshan.server.registration.RegistrationListener;
import org.eclipse.leshan.server.registration.RegistrationUpdate;
import org.eclipse.leshan.servers.security.InMemorySecurityStore;
import org.eclipse.leshan.servers.security.SecurityInfo;
import org.eclipse.leshan.transport.californium.server.endpoint.CaliforniumServerEndpointsProvider;
import org.eclipse.leshan.transport.californium.server.endpoint.coap.CoapServerProtocolProvider;
import org.eclipse.leshan.transport.californium.server.endpoint.coaps.CoapsServerProtocolProvider;

class Server implements RegistrationListener, ObservationListener {
  private static final long PATIENCE = 20_000;
  private final InMemorySecurityStore keys = new InMemorySecurityStore();
  private final LeshanServer leshan;

  Server() {
    InetSocketAddress anywhere = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    LeshanServerBuilder builder = new LeshanServerBuilder();
    builder.setSecurityStore(keys);
    builder.setEndpointsProviders(new CaliforniumServerEndpointsProvider.Builder(
      new CoapServerProtocolProvider(), new CoapsServerProtocolProvider())
        .addEndpoint(anywhere, Protocol.COAP).addEndpoint(anywhere, Protocol.COAPS).build());
    leshan = builder.build();
    leshan.getRegistrationService().addListener(this);
    leshan.getObservationService().addListener(this);
    leshan.start();
    Line.say("server", "open", leshan.getEndpoint(Protocol.COAP).getURI().getPort(), leshan.getEndpoint(Protocol.COAPS).getURI().getPort());
  }

  public static void main(String[] none) throws Exception {
    Server server = new Server();
    for (Scanner lines = new Scanner(System.in); lines.hasNextLine();) {
      String[] words = lines.nextLine().split(" ");
      try {
        server.command(words);
      } catch (Exception why) {
        Line.say(words[1], "failed", words[0], why);
      }
    }
    System.exit(0);
  }

  private void command(String[] words) throws Exception {
    String name = words[1];
    if (words[0].equals("key")) {
      keys.add(SecurityInfo.newPreSharedKeyInfo(name, words[2], Hex.decodeHex(words[3].toCharArray())));
      Line.say(name, "known");
      return;
    }
    Registration device = leshan.getRegistrationService().getByEndpoint(name);
    LwM2mResponse answer = answerOf(device, words);
    Line.say(name, words[0], answer == null ? "silence" : answer.getCode(), answer);
  }

  private LwM2mResponse answerOf(Registration device, String[] words) throws Exception {
    switch (words[0]) {
      case "read":
        return leshan.send(device, new ReadRequest(ContentFormat.fromName(words[3]), words[2]), PATIENCE);
      case "observe":
        return leshan.send(device, new ObserveRequest(ContentFormat.fromName(words[3]), words[2]), PATIENCE);
      case "discover":
        return leshan.send(device, new DiscoverRequest(words[2]), PATIENCE);
      case "write":
        LwM2mPath path = new LwM2mPath(words[2]);
        return leshan.send(device, new WriteRequest(path.getObjectId(), path.getObjectInstanceId(), path.getResourceId(), words[3]), PATIENCE);
      case "execute":
        return leshan.send(device, new ExecuteRequest(words[2], words.length > 3 ? words[3] : null), PATIENCE);
      case "composite":
        ContentFormat format = ContentFormat.fromName(words[2]);
        return leshan.send(device, new ReadCompositeRequest(format, format, Arrays.asList(words[3].split(","))), PATIENCE);
      default:
        throw new IllegalArgumentException("no such command");
    }
  }

  @Override
  public void registered(Registration device, Registration before, Collection<Observation> observations) {
    Line.say(device.getEndpoint(), "registered", device.getLwM2mVersion(), device.getLifeTimeInSec());
  }

  @Override
  public void updated(RegistrationUpdate update, Registration device, Registration before) {
    Line.say(device.getEndpoint(), "updated");
  }

  @Override
  public void unregistered(Registration device, Collection<Observation> observations, boolean expired, Registration next) {
    Line.say(device.getEndpoint(), "deregistered");
  }

  @Override
  public void newObservation(Observation observation, Registration device) {}

  @Override
  public void cancelled(Observation observation) {}

  @Override
  public void onResponse(SingleObservation observation, Registration device, ObserveResponse response) {
    Line.say(device.getEndpoint(), "notified", observation.getPath(), response.getContent());
  }

  @Override
  public void onResponse(CompositeObservation observation, Registration device, ObserveCompositeResponse response) {
    Line.say(device.getEndpoint(), "notified", response.getContent());
  }

  @Override
  public void onError(Observation observation, Registration device, Exception why) {
    Line.say(device.getEndpoint(), "failed notification", why);
  }
}
