// LwM2M 1.0 clients of Eclipse Leshan 1.x for the interop tests, many in one process. Arguments are files of object
// definitions; each line on standard input is a command, a client's name and what else it needs:
//   start NAME server=URI [identity=TEXT key=HEX]      update NAME      stop NAME      set NAME VALUE
// It prints one line for each event: the client's name, the event, and what belongs to it.
import java.io.FileInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import org.eclipse.californium.core.network.config.NetworkConfig;
import org.eclipse.leshan.client.californium.LeshanClient;
import org.eclipse.leshan.client.californium.LeshanClientBuilder;
import org.eclipse.leshan.client.object.Security;
import org.eclipse.leshan.client.object.Server;
import org.eclipse.leshan.client.observer.LwM2mClientObserverAdapter;
import org.eclipse.leshan.client.resource.BaseInstanceEnabler;
import org.eclipse.leshan.client.resource.BaseInstanceEnablerFactory;
import org.eclipse.leshan.client.resource.LwM2mInstanceEnabler;
import org.eclipse.leshan.client.resource.ObjectsInitializer;
import org.eclipse.leshan.client.resource.SimpleInstanceEnabler;
import org.eclipse.leshan.client.servers.ServerIdentity;
import org.eclipse.leshan.core.LwM2mId;
import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.model.ObjectLoader;
import org.eclipse.leshan.core.model.ObjectModel;
import org.eclipse.leshan.core.model.StaticModel;
import org.eclipse.leshan.core.request.BindingMode;
import org.eclipse.leshan.core.request.DeregisterRequest;
import org.eclipse.leshan.core.request.RegisterRequest;
import org.eclipse.leshan.core.request.UpdateRequest;
import org.eclipse.leshan.core.response.ExecuteResponse;
import org.eclipse.leshan.core.response.ReadResponse;
import org.eclipse.leshan.core.util.Hex;

class Peer {
  static final int SHORT_ID = 123;

  public static void main(String[] files) throws Exception {
    List<ObjectModel> models = new ArrayList<>(ObjectLoader.loadDefault());
    for (String file : files) {
      try (InputStream stream = new FileInputStream(file)) {
        models.addAll(ObjectLoader.loadDdfFile(stream, file));
      }
    }
    StaticModel model = new StaticModel(models);
    Map<String, Client> clients = new HashMap<>();
    for (Scanner lines = new Scanner(System.in); lines.hasNextLine();) {
      String[] words = lines.nextLine().split(" ");
      Client client = clients.get(words[1]);
      switch (words[0]) {
        case "start":
          clients.put(words[1], new Client(words, model));
          break;
        case "update":
          client.leshan.triggerRegistrationUpdate();
          break;
        case "stop":
          client.leshan.destroy(true);
          break;
        case "set":
          client.thermometer.set(Double.parseDouble(words[2]));
          break;
        default:
          Line.say(words[1], "failed", "no such command");
      }
    }
    System.exit(0);
  }
}

class Client extends LwM2mClientObserverAdapter {
  final String name;
  final LeshanClient leshan;
  final Thermometer thermometer = new Thermometer();

  Client(String[] words, StaticModel model) {
    name = words[1];
    Map<String, String> options = new HashMap<>();
    for (int i = 2; i < words.length; i++) {
      options.put(words[i].substring(0, words[i].indexOf('=')), words[i].substring(words[i].indexOf('=') + 1));
    }
    ObjectsInitializer objects = new ObjectsInitializer(model);
    objects.setInstancesForObject(LwM2mId.SECURITY, securityOf(options));
    objects.setInstancesForObject(LwM2mId.SERVER, new Server(Peer.SHORT_ID, 300, BindingMode.U, false));
    objects.setInstancesForObject(LwM2mId.DEVICE, new Device(name));
    objects.setInstancesForObject(Thermometer.OBJECT, thermometer);
    for (int object : new int[] {LwM2mId.DEVICE, Thermometer.OBJECT}) {
      objects.setFactoryForObject(object, new BaseInstanceEnablerFactory() {
        @Override
        public LwM2mInstanceEnabler create() {
          return new SimpleInstanceEnabler();
        }
      });
    }
    LeshanClientBuilder builder = new LeshanClientBuilder(name);
    builder.setObjects(objects.create(LwM2mId.SECURITY, LwM2mId.SERVER, LwM2mId.DEVICE, Thermometer.OBJECT));
    NetworkConfig configuration = LeshanClientBuilder.createDefaultNetworkConfig();
    configuration.setInt(NetworkConfig.Keys.PROTOCOL_STAGE_THREAD_COUNT, 1);
    builder.setCoapConfig(configuration);
    leshan = builder.build();
    leshan.addObserver(this);
    leshan.start();
  }

  private static Security securityOf(Map<String, String> options) {
    String server = options.get("server");
    if (!options.containsKey("key")) {
      return Security.noSec(server, Peer.SHORT_ID);
    }
    byte[] identity = options.get("identity").getBytes(StandardCharsets.UTF_8);
    return Security.psk(server, Peer.SHORT_ID, identity, Hex.decodeHex(options.get("key").toCharArray()));
  }

  @Override
  public void onRegistrationSuccess(ServerIdentity server, RegisterRequest request, String location) {
    Line.say(name, "registered", location);
  }

  @Override
  public void onRegistrationFailure(ServerIdentity server, RegisterRequest request, ResponseCode code, String text, Exception why) {
    Line.say(name, "failed register", code, text, why);
  }

  @Override
  public void onUpdateSuccess(ServerIdentity server, UpdateRequest request) {
    Line.say(name, "updated");
  }

  @Override
  public void onUpdateFailure(ServerIdentity server, UpdateRequest request, ResponseCode code, String text, Exception why) {
    Line.say(name, "failed update", code, text, why);
  }

  @Override
  public void onDeregistrationSuccess(ServerIdentity server, DeregisterRequest request) {
    Line.say(name, "deregistered");
  }
}

class Device extends SimpleInstanceEnabler {
  private final String name;

  Device(String name) {
    this.name = name;
    initialValues = new HashMap<>(Map.of(0, "Eclipse Leshan", 9, 87L, 14, "+00:00", 16, "U"));
  }

  @Override
  public ExecuteResponse execute(ServerIdentity server, int resource, String arguments) {
    Line.say(name, "executed", "/3/0/" + resource, arguments);
    return ExecuteResponse.success();
  }
}

class Thermometer extends BaseInstanceEnabler {
  static final int OBJECT = 3303;
  private volatile double value = 20.5;

  void set(double next) {
    value = next;
    fireResourcesChange(5700);
  }

  @Override
  public List<Integer> getAvailableResourceIds(ObjectModel model) {
    return List.of(5700, 5701);
  }

  @Override
  public ReadResponse read(ServerIdentity server, int resource) {
    switch (resource) {
      case 5700:
        return ReadResponse.success(5700, value);
      case 5701:
        return ReadResponse.success(5701, "Cel");
      default:
        return ReadResponse.notFound();
    }
  }
}
