/*
 * The server's side of the gateway's questions for a tree (src/session, stage RESOLVE): finds them among what goes upstream, holds
 * them to their shape, and answers as a real server does. What a client could see of them is nothing.
 */
#ifndef TRANSCRIPT_ORACLE_H
#define TRANSCRIPT_ORACLE_H

#include "qw/base.h"

struct oracle {
	unsigned at; /* step of the question; 0: there is none */
	char name[64]; /* under which it is asked */
	struct qw_buf sql, types; /* whose tree is asked for */
	struct qw_buf answer; /* so far */
	bool has_failed; /* an error: all else is skipped up to Sync */
};

void oracle_init(struct oracle *o);
void oracle_fini(struct oracle *o);
/* One message to the server. OTHER: it is no part of a question; DONE: the question is whole, and `answer` what is said to it. */
enum oracle_step { ORACLE_OTHER, ORACLE_MORE, ORACLE_DONE };
enum oracle_step oracle_on(struct oracle *o, uint8_t type, struct qw_bytes body, uint8_t tx_status);
/* Is this text one that switches printing on or off? */
bool oracle_is_switch(struct qw_bytes sql, bool *on);

#endif
