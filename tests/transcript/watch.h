/*
 * What must hold in every conversation, whatever is said: watched from outside, by what the session asks of the street.
 *
 *   - nothing of a statement goes upstream before its record was asked for, says allow or review, and was AUDITED
 *   - every statement that was let through has one RESULT; one that was refused has none and never went upstream
 *   - records are numbered without gaps; nothing comes after CLOSE
 *   - no value that is marked with WATCH_CANARY reaches the client while `hides_canaries`
 *   - the client never gets more ReadyForQuery than it asked for
 *   - behind RESET ALL and DISCARD ALL the gateway's pins go upstream before anything else
 *   - what the server prints of its trees (WATCH_TREE) never reaches the client
 *   - while `needs_trees`: nothing that names what is sensitive goes upstream before the server showed a tree of just that text.
 *     What a question looks like, and that it switches printing off again, is held to in oracle.h and by the server of the
 *     random conversations
 */
#ifndef TRANSCRIPT_WATCH_H
#define TRANSCRIPT_WATCH_H

#include "qw/pgwire.h"
#include "qw/session.h"

#define WATCH_CANARY "CANARY"
#define WATCH_TREE "{QUERY "

struct watched { /* one STATEMENT */
	uint64_t id, wait_number;
	char *sql;
	size_t sql_bytes;
	uint8_t message; /* Q, E or F: what carries it upstream */
	bool is_allowed, is_forwarded;
	unsigned results;
};

struct watch_frames { /* finds the messages of one side, bytes as they come */
	uint8_t header[5];
	size_t header_bytes, body_left;
	bool is_lost; /* no framing any more: garbage */
};

struct watch_word { /* looked for in a stream */
	uint8_t carry[16];
	size_t n;
};

struct watch_shown { /* texts of which the server showed a tree */
	char **list;
	size_t count, cap;
};

struct watch {
	struct watched *list;
	size_t count, cap;
	uint64_t waits, audited, next_seq;
	uint64_t asked, ready; /* Q, S and F of the client; Z to it */
	struct watch_frames from_client, to_client;
	struct watch_word canary, tree;
	struct qw_buf from_server; /* not a whole message yet */
	char *asked_for; /* the text whose tree was asked for last; NULL: none */
	struct watch_shown *shown; /* outlives the watch, as verdicts that are kept do */
	uint8_t last_type; /* of the client's messages */
	bool has_failed; /* the server said so: for whoever asks, who clears it */
	uint8_t tx_status; /* as the server said it last, */
	uint64_t unready; /* and how many more times it will */
	bool server_is_lost; /* it sent garbage */
	bool owes_pins; /* the next message upstream */
	bool is_open, hides_canaries, hides_trees, needs_trees, is_closed;
};

void watch_fini(struct watch *w);
void watch_record(struct watch *w, struct qw_bytes record, enum session_wait wait);
void watch_audited(struct watch *w);
void watch_upstream(struct watch *w, uint8_t type, struct qw_bytes body); /* one whole message */
void watch_carried(struct watch *w, struct qw_bytes sql); /* the same of a Query, by other messages */
void watch_to_client(struct watch *w, struct qw_bytes bytes);
void watch_from_server(struct watch *w, struct qw_bytes bytes);
void watch_question(struct watch *w, struct qw_bytes sql); /* goes upstream */
void watch_shown_clear(struct watch_shown *s);
void watch_from_client(struct watch *w, struct qw_bytes bytes);
void watch_quiet(struct watch *w); /* idle and not closed: nothing is owed */

#endif
