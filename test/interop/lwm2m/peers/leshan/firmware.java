// Object 5 of a client of Peer: takes packages by push and by pull over CoAP, and installs one whose first line is
// "version=1.2.3" by registering anew with that version.
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import org.eclipse.californium.core.CoapClient;
import org.eclipse.californium.core.CoapResponse;
import org.eclipse.leshan.client.resource.BaseInstanceEnabler;
import org.eclipse.leshan.client.servers.LwM2mServer;
import org.eclipse.leshan.core.model.ObjectModel;
import org.eclipse.leshan.core.model.ResourceModel.Type;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.request.argument.Arguments;
import org.eclipse.leshan.core.response.ExecuteResponse;
import org.eclipse.leshan.core.response.ReadResponse;
import org.eclipse.leshan.core.response.WriteResponse;
import org.eclipse.leshan.core.util.Hex;

class Firmware extends BaseInstanceEnabler {
  private static final int PACKAGE = 0, URI = 1, UPDATE = 2, STATE = 3, RESULT = 5, VERSION = 7, PROTOCOLS = 8, DELIVERY = 9;
  private static final long IDLE = 0, DOWNLOADING = 1, DOWNLOADED = 2, UPDATING = 3;
  private final Client client;
  private final DeviceObject device;
  private volatile String uri = "";
  private volatile long state = IDLE;
  private volatile long result = 0;
  private volatile String version = "";

  Firmware(Client client, DeviceObject device) {
    this.client = client;
    this.device = device;
  }

  @Override
  public List<Integer> getAvailableResourceIds(ObjectModel model) {
    return List.of(PACKAGE, URI, UPDATE, STATE, RESULT, VERSION, PROTOCOLS, DELIVERY);
  }

  @Override
  public ReadResponse read(LwM2mServer server, int resource) {
    switch (resource) {
      case URI:
        return ReadResponse.success(URI, uri);
      case STATE:
        return ReadResponse.success(STATE, state);
      case RESULT:
        return ReadResponse.success(RESULT, result);
      case VERSION:
        return ReadResponse.success(VERSION, version);
      case PROTOCOLS:
        return ReadResponse.success(PROTOCOLS, Map.of(0, 0L, 1, 1L), Type.INTEGER);
      case DELIVERY:
        return ReadResponse.success(DELIVERY, 2L);
      default:
        return ReadResponse.notFound();
    }
  }

  @Override
  public WriteResponse write(LwM2mServer server, boolean replace, int resource, LwM2mResource value) {
    if (resource == PACKAGE) {
      byte[] octets = (byte[]) value.getValue();
      if (octets.length <= 1) {
        moves(IDLE, 0);
      } else {
        takes(octets);
      }
      return WriteResponse.success();
    }
    if (resource != URI) {
      return WriteResponse.notFound();
    }
    uri = (String) value.getValue();
    if (uri.isEmpty()) {
      moves(IDLE, 0);
    } else if (state != IDLE) {
      return WriteResponse.badRequest("a package is there");
    } else {
      moves(DOWNLOADING, 0);
      new Thread(this::download).start();
    }
    return WriteResponse.success();
  }

  @Override
  public ExecuteResponse execute(LwM2mServer server, int resource, Arguments arguments) {
    if (resource != UPDATE || state != DOWNLOADED) {
      return ExecuteResponse.methodNotAllowed();
    }
    moves(UPDATING, 0);
    new Thread(this::install).start();
    return ExecuteResponse.success();
  }

  private void download() {
    try {
      CoapClient coap = new CoapClient(uri);
      coap.setEndpoint(client.endpoints.getCoapServer().getEndpoints().get(0));
      coap.setTimeout(60_000L);
      CoapResponse answer = coap.get();
      if (answer == null || !answer.isSuccess()) {
        Line.say(client.name, "failed download", answer == null ? "silence" : answer.getCode());
        moves(IDLE, 4);
      } else {
        takes(answer.getPayload());
      }
    } catch (Exception why) {
      Line.say(client.name, "failed download", why);
      moves(IDLE, 7);
    }
  }

  private void takes(byte[] octets) {
    String head = new String(octets, 0, Math.min(octets.length, 64), StandardCharsets.ISO_8859_1).split("\n")[0];
    if (!head.startsWith("version=")) {
      moves(IDLE, 6);
      return;
    }
    version = head.substring("version=".length());
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(octets);
      Line.say(client.name, "downloaded", octets.length, Hex.encodeHexString(hash));
    } catch (java.security.NoSuchAlgorithmException never) {
      throw new IllegalStateException(never);
    }
    moves(DOWNLOADED, 0);
  }

  private void install() {
    try {
      Thread.sleep(200); // for the answer to be on its way
    } catch (InterruptedException end) {
      return;
    }
    client.leshan.stop(false);
    device.version = version;
    uri = "";
    state = IDLE;
    result = 1;
    client.leshan.start();
  }

  private void moves(long nextState, long nextResult) {
    state = nextState;
    result = nextResult;
    fireResourceChange(STATE);
    fireResourceChange(RESULT);
  }
}
