// A DTLS 1.2 client of Eclipse Californium's Scandium for the interop tests: PSK_WITH_AES_128_CCM_8 and connection
// ids under the number asked for (54 is RFC 9146, 53 the draft before). A line on standard input is hex to send; it
// prints "open" before the first answer, "got HEX" for each, or "failed: WHY".
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Scanner;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.eclipse.californium.elements.EndpointContext;
import org.eclipse.californium.elements.MessageCallback;
import org.eclipse.californium.elements.RawData;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.util.StringUtil;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;
import org.eclipse.californium.scandium.dtls.pskstore.AdvancedSinglePskStore;

class Client {
  static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  public static void main(String[] arguments) throws Exception {
    InetAddress here = InetAddress.getLoopbackAddress();
    InetSocketAddress server = new InetSocketAddress(here, Integer.parseInt(arguments[0]));
    byte[] key = StringUtil.hex2ByteArray(arguments[2]);
    int number = Integer.parseInt(arguments[3]);
    DtlsConfig.register();
    DtlsConnectorConfig.Builder builder = DtlsConnectorConfig.builder(new Configuration())
      .setAddress(new InetSocketAddress(here, 0))
      .set(DtlsConfig.DTLS_ROLE, DtlsConfig.DtlsRole.CLIENT_ONLY)
      .set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, 0)
      .set(DtlsConfig.DTLS_RETRANSMISSION_TIMEOUT, 1, TimeUnit.SECONDS)
      .set(DtlsConfig.DTLS_RECEIVER_THREAD_COUNT, 1)
      .set(DtlsConfig.DTLS_CONNECTOR_THREAD_COUNT, 1)
      .setAsList(DtlsConfig.DTLS_CIPHER_SUITES, CipherSuite.TLS_PSK_WITH_AES_128_CCM_8)
      .setAdvancedPskStore(new AdvancedSinglePskStore(arguments[1], key));
    if (number != 54) {
      builder.set(DtlsConfig.DTLS_USE_DEPRECATED_CID, number);
    }
    DTLSConnector connector = new DTLSConnector(builder.build());
    connector.setRawDataReceiver(answer -> say("got " + StringUtil.byteArray2Hex(answer.getBytes()).toLowerCase()));
    connector.start();
    say("open");
    MessageCallback told = new MessageCallback() {
      public void onConnecting() {}
      public void onDtlsRetransmission(int flight) {}
      public void onContextEstablished(EndpointContext context) {}
      public void onSent() {}
      public void onError(Throwable why) {
        say("failed: " + why);
      }
    };
    for (Scanner lines = new Scanner(System.in); lines.hasNextLine();) {
      byte[] message = StringUtil.hex2ByteArray(lines.nextLine());
      connector.send(RawData.outbound(message, new AddressEndpointContext(server), told, false));
    }
    connector.destroy();
  }
}
