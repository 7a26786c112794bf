/**
 * What a device of the interop tests is told, a line of JSON at a time, and what it says. A line has method, path, and
 * maybe query, payload (hex), format, szx (of the first block), observe; or set, a value.
 */
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

record Line(String text) {
  /** Empty where it is not there; texts come without escapes. */
  String word(String name) {
    return found(name, "\"([^\"]*)\"").orElse("");
  }

  Optional<Integer> number(String name) {
    return found(name, "(\\d+)").map(Integer::valueOf);
  }

  List<String> words(String name) {
    return found(name, "\\[\"([^]]*)\"\\]").map(all -> List.of(all.split("\",\""))).orElse(List.of());
  }

  byte[] octets(String name) {
    return HexFormat.of().parseHex(word(name));
  }

  boolean has(String name) {
    return found(name, "()").isPresent();
  }

  private Optional<String> found(String name, String value) {
    var match = Pattern.compile("\"" + name + "\":" + value).matcher(text);
    return match.find() ? Optional.of(match.group(1)) : Optional.empty();
  }

  /** An answer to what was asked: 2.05; or what went wrong. */
  static void told(String code, byte[] payload, String location) {
    say("{\"code\":\"%s\",\"payload\":\"%s\",\"location\":\"%s\"}"
        .formatted(code.replace('"', '\''), HexFormat.of().formatHex(payload), location));
  }

  static void observed(byte[] payload) {
    say("{\"observed\":\"%s\"}".formatted(HexFormat.of().formatHex(payload)));
  }

  static void open() {
    say("{\"open\":true}");
  }

  private static synchronized void say(String json) {
    System.out.println(json);
    System.out.flush();
  }
}
