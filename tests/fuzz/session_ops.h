/* A conversation as bytes: one operation a time, `op` of the list below; 0 and 1 carry a length (2 bytes) and what a side says. */
#ifndef FUZZ_SESSION_OPS_H
#define FUZZ_SESSION_OPS_H

enum { OP_CLIENT, OP_UPSTREAM, OP_AUDITED, OP_EVENTS };

/* From OP_EVENTS on: lines of transcripts ("! ..."). Seeds depend on the order. */
static const char *const session_events[] = {"login agent", "login admin", "manual audit", "manual catalog", "catalog", "approve",
	"deny no", "tick 30", "cancel", "cancel done", "policy", "eof client", "eof upstream", "drain", "tls", "tls direct",
	"identified agent", "identified admin", "connected", "connect failed", "refused expired", "audit failed", "catalog failed",
	"mode strict", "manual trees", "own trees", "session", "catalog none", "catalog new", "version 120000"};

#endif
