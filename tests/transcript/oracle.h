/*
 * The server's side of the gateway's questions for a tree (src/session, stage RESOLVE): finds them among what goes upstream, holds
 * them to their shape, and answers as a real server does. What a client could see of them is nothing.
 */
#ifndef TRANSCRIPT_ORACLE_H
#define TRANSCRIPT_ORACLE_H

#include "qw/base.h"

struct oracle {
	enum { STEP_NONE, STEP_OWN /* in the middle of one */, STEP_ASKED /* behind it */, STEP_RUN } step;
	struct qw_buf sql, types; /* whose tree is asked for */
	struct qw_buf answer; /* so far */
	bool has_text; /* what goes on asks for a tree */
	bool has_failed; /* an error: all else is skipped up to Sync */
	bool last_is_query; /* the client's last message: then what is asked is of it, */
	bool of_query; /* and a Sync behind it is the gateway's own */
	bool forgets; /* what is parsed by the gateway: "discard plans" */
	bool prints; /* the server shows trees */
	bool is_carried, is_bound; /* the text is the unnamed statement, which will be run; and is bound */
	bool follows_bind; /* of the client, which was sent while trees are shown */
};

void oracle_init(struct oracle *o);
void oracle_fini(struct oracle *o);
/* One message to the server. All but OTHER, MORE and RUN end with `answer`, which is what the server says. */
enum oracle_step {
	ORACLE_OTHER, /* no part of a question */
	ORACLE_MORE,
	ORACLE_QUESTION, /* for the tree of `sql` */
	ORACLE_BOUND, /* what was asked for is bound */
	ORACLE_QUIET, /* printing is switched off */
	ORACLE_QUIET_BEHIND_BIND, /* and so it is, when the client's Bind is answered */
	ORACLE_RUN, /* what was bound runs */
	ORACLE_CLOSED /* the question's transaction is ended */
};
enum oracle_step oracle_on(struct oracle *o, uint8_t type, struct qw_bytes body, uint8_t tx_status);
void oracle_failed(struct oracle *o); /* the server said so in the middle of it */
/* Is this text one that switches printing on or off? */
bool oracle_is_switch(struct qw_bytes sql, bool *on);
bool oracle_is_forget(struct qw_bytes sql);

#endif
