/**
 * Role net, whose thread keeps CAP_NET_ADMIN alone, when it is told to, while the process becomes another user. Both
 * modules are imported before the first message can come: one that came while the role were still loading would be
 * lost.
 */
import "./net_alone_privileges.ts";
import "../../cli/daemon/net_worker.ts";
