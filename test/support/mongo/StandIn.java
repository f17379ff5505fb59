import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.util.List;
import org.h2.mvstore.MVStore;

/**
 * MongoDB's wire protocol for tests on machines that can get no mongod: single-document operations are
 * atomic, unique and sparse indexes hold, and what was acknowledged survives a SIGKILL. It has no sessions,
 * transactions, write concerns or pipeline updates, and a partial index covers every document in it.
 *
 * <p>Arguments: the data file, or "" to keep everything in memory; the port, or 0 for any free one. Prints
 * "ready PORT" once it listens, and ends when its standard input does, so it cannot outlive its parent.
 */
public final class StandIn {
    /** What the driver is told. Its own 5.0 announces wire version 8, and driver 7 refuses less than 9. */
    private record Announced(List<Integer> getVersionArray, int getWireVersion) implements MongoVersion {}

    private static final class CarefulBackend extends H2Backend {
        CarefulBackend(MVStore store) {
            super(store);
        }

        /**
         * One command at a time, and its answer is a copy: the backend answers with the stored objects, which
         * the next command changes before they are sent. And committed first: H2 writes up to a second late,
         * while MongoDB acknowledges what a crash cannot undo.
         */
        @Override
        public synchronized Document handleCommand(
                Channel channel, String database, String command, Document query) {
            if (command.equals("hello")) {
                return super.handleCommand(channel, database, "isMaster", query);
            }
            Document answer = super.handleCommand(channel, database, command, query).cloneDeeply();
            if (!isInMemory() && getMvStore().hasUnsavedChanges()) {
                commit();
            }
            return answer;
        }
    }

    public static void main(String[] args) throws Exception {
        String dataFile = args[0].isEmpty() ? null : args[0];
        MVStore store = new MVStore.Builder().fileName(dataFile).autoCommitDisabled().open();
        // Old versions of a page are never read; kept for the default 45 s they would only grow the file.
        store.setVersionsToKeep(0);
        store.setRetentionTime(0);
        H2Backend backend = new CarefulBackend(store);
        backend.version(new Announced(List.of(5, 0, 0), 13));
        MongoServer server = new MongoServer(backend);
        server.bind(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[1])));
        System.out.println("ready " + server.getLocalAddress().getPort());
        while (System.in.read() != -1) {}
        server.shutdownNow();
        System.exit(0);
    }
}
