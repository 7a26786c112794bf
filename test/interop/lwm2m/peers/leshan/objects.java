// The objects a client of Peer has beside Leshan's own: a device (3), a thermometer (3303), and one of any object with
// what the server writes to it.
import java.util.HashMap;
import java.util.Map;
import org.eclipse.leshan.client.resource.BaseInstanceEnabler;
import org.eclipse.leshan.client.resource.SimpleInstanceEnabler;
import org.eclipse.leshan.client.servers.LwM2mServer;
import org.eclipse.leshan.core.model.ObjectModel;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.request.argument.Arguments;
import org.eclipse.leshan.core.response.ExecuteResponse;
import org.eclipse.leshan.core.response.ReadResponse;
import org.eclipse.leshan.core.response.WriteResponse;

class DeviceObject extends SimpleInstanceEnabler {
  private final String name;
  /** Of its firmware, /3/0/3. */
  volatile String version;

  DeviceObject(String name, String version) {
    this.name = name;
    this.version = version;
    Map<Integer, Object> values = new HashMap<>();
    values.put(0, "Eclipse Leshan");
    values.put(1, "interop peer");
    values.put(9, 87L);
    values.put(11, Map.of(0, 0L));
    values.put(14, "+00:00");
    values.put(16, "U");
    initialValues = values;
  }

  @Override
  public ReadResponse read(LwM2mServer server, int resource) {
    return resource == 3 ? ReadResponse.success(3, version) : super.read(server, resource);
  }

  @Override
  public WriteResponse write(LwM2mServer server, boolean replace, int resource, LwM2mResource value) {
    WriteResponse answer = super.write(server, replace, resource, value);
    Line.say(name, "wrote", "/3/0/" + resource, value.isMultiInstances() ? value.getInstances().size() : value.getValue());
    return answer;
  }

  @Override
  public ExecuteResponse execute(LwM2mServer server, int resource, Arguments arguments) {
    Line.say(name, "executed", "/3/0/" + resource, arguments.serialize());
    return ExecuteResponse.success();
  }
}

class Thermometer extends BaseInstanceEnabler {
  static final int OBJECT = 3303;
  private static final int VALUE = 5700;
  private volatile double value = 20.5;

  void set(double next) {
    value = next;
    fireResourceChange(VALUE);
  }

  @Override
  public ReadResponse read(LwM2mServer server, int resource) {
    switch (resource) {
      case VALUE:
        return ReadResponse.success(VALUE, value);
      case 5701:
        return ReadResponse.success(5701, "Cel");
      default:
        return ReadResponse.notFound();
    }
  }

  @Override
  public java.util.List<Integer> getAvailableResourceIds(ObjectModel model) {
    return java.util.List.of(VALUE, 5701);
  }
}

/** What a server creates: it keeps what is written. */
class Plain extends SimpleInstanceEnabler {
  public Plain() {}
}
