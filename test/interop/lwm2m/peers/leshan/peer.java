// LwM2M clients of Eclipse Leshan for the interop tests, many in one process because a JVM starts slowly. Arguments
// are files of object definitions; each line on standard input is a command, a client's name and what else it needs:
//   start NAME server=URI [KEY=VALUE...]   see Client    update NAME      stop NAME (deregisters)    die NAME (does not)
//   set NAME VALUE   the temperature, and tells those who observe it
//   send NAME FORMAT PATH[,PATH]           collect NAME PATH[,PATH]       flush NAME FORMAT          bootstrap NAME
// It prints one line for each event: the client's name, the event, and what belongs to it.
import java.io.FileInputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import org.eclipse.leshan.core.model.ObjectLoader;
import org.eclipse.leshan.core.model.ObjectModel;
import org.eclipse.leshan.core.model.StaticModel;

class Peer {
  public static void main(String[] files) throws Exception {
    List<ObjectModel> models = new ArrayList<>(ObjectLoader.loadDefault());
    for (String file : files) {
      try (InputStream stream = new FileInputStream(file)) {
        models.addAll(ObjectLoader.loadDdfFile(stream, file));
      }
    }
    StaticModel model = new StaticModel(models);
    Map<String, Client> clients = new HashMap<>();
    Line.say("peer", "ready");
    for (Scanner lines = new Scanner(System.in); lines.hasNextLine();) {
      String[] words = lines.nextLine().split(" ");
      String name = words[1];
      try {
        if (words[0].equals("start")) {
          clients.put(name, new Client(name, optionsOf(words), model));
        } else {
          command(clients.get(name), words);
        }
      } catch (Exception why) {
        Line.say(name, "failed", words[0], why);
      }
    }
    System.exit(0);
  }

  private static Map<String, String> optionsOf(String[] words) {
    Map<String, String> options = new HashMap<>();
    for (String word : Arrays.asList(words).subList(2, words.length)) {
      int at = word.indexOf('=');
      options.put(word.substring(0, at), word.substring(at + 1));
    }
    return options;
  }

  private static void command(Client client, String[] words) throws Exception {
    switch (words[0]) {
      case "update":
        client.leshan.triggerRegistrationUpdate();
        break;
      case "stop":
        client.leshan.destroy(true);
        break;
      case "die":
        client.leshan.destroy(false);
        break;
      case "bootstrap":
        client.leshan.triggerClientInitiatedBootstrap(true);
        break;
      case "set":
        client.thermometer.set(Double.parseDouble(words[2]));
        break;
      case "send":
        client.send(words[2], Arrays.asList(words[3].split(",")));
        break;
      case "collect":
        client.collect(Arrays.asList(words[2].split(",")));
        break;
      case "flush":
        client.flush(words[2]);
        break;
      default:
        throw new IllegalArgumentException("no such command");
    }
  }
}
