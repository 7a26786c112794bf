// What the peers say: one line for each event, whoever of their threads it is that says it.
class Line {
  static synchronized void say(String name, String event, Object... words) {
    StringBuilder line = new StringBuilder(name).append(' ').append(event);
    for (Object word : words) {
      line.append(' ').append(String.valueOf(word).replace('\n', ' '));
    }
    System.out.println(line);
    System.out.flush();
  }
}
