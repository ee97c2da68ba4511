/* One session under a script: events go in as words, actions come out as words. */
#ifndef TRANSCRIPT_HARNESS_H
#define TRANSCRIPT_HARNESS_H

#include "qw/session.h"
#include "oracle.h"
#include "watch.h"

enum { LINES_MAX = 4096 };

struct lines { /* what came out and was not expected yet */
	char *line[LINES_MAX];
	size_t head, count;
};

struct harness {
	struct config config;
	struct config_target target;
	struct policy *policy, *policy2; /* policy2: with other masks */
	struct mask_key *key;
	struct catalog *catalog;
	struct labels *labels;
	struct verdict_cache *cache;
	struct session *session;
	struct session_options options;
	struct session_now now;
	struct lines client, upstream, other;
	struct qw_buf raw[2]; /* bytes that are not a whole message yet */
	size_t cut; /* inputs are fed in pieces of this many bytes; 0: whole */
	size_t (*next_cut)(void); /* or of so many, asked anew for each; NULL */
	bool manual_audit, manual_catalog, manual_parse;
	bool manual_trees; /* questions for trees are printed, and answered by nobody */
	bool own_server; /* they go to it as they are */
	bool is_wild; /* both sides say anything: what looks like a tree, or a name in a text, means nothing */
	bool is_unlabelled; /* "catalog none" */
	struct oracle oracle;
	struct watch_shown shown;
	uint64_t audit_seq;
	uint32_t server_version; /* of the next login; 0: 150020 */
	struct qw_arena parse_arena;
	struct approval approval;
	struct qw_buf long_sql; /* what PARSE asked for */
	bool is_closed, was_closed; /* was_closed: the session before */
	bool is_quiet; /* no lines, only the watch; loud (printed as they come) when is_loud */
	bool is_loud;
	uint64_t audits_owed; /* with manual_audit: AUDITED that the session waits for */
	bool owes_catalog, owes_parse, owes_decision, owes_cancel, owes_tree; /* answers that the session waits for */
	struct watch watch;
	void (*on_bytes)(struct harness *h, enum session_side side, struct qw_bytes bytes); /* may be NULL */
	void *user;
};

/* Not 0 while the session's code runs: tests let allocations fail only there. */
extern int harness_inside;

void harness_open(struct harness *h, const char *policy_file, const char *policy_text);
void harness_close(struct harness *h);
/* The same policy and catalog, another session; false: no memory for it. */
bool harness_begin(struct harness *h);
void harness_end(struct harness *h);
void harness_forget(struct harness *h); /* between sessions: verdicts of earlier ones */
/* AUDITED, CATALOG, PARSED, APPROVED: what the session waits for; false: it waits for nothing of that kind. */
bool harness_answer_audit(struct harness *h);
bool harness_answer_catalog(struct harness *h);
bool harness_answer_parse(struct harness *h);
bool harness_answer_hold(struct harness *h, bool yes);
bool harness_answer_cancel(struct harness *h);
void harness_post(struct harness *h, struct session_event ev); /* its time is set */
void harness_decide(struct harness *h, bool yes, const char *reason); /* the person has answered */
void harness_feed(struct harness *h, enum session_side side, struct qw_bytes bytes);
void harness_event(struct harness *h, const char *line); /* "! ..." lines */
void harness_login(struct harness *h, const char *role, const char *minor);
void lines_clear(struct lines *l);
void lines_add(struct lines *l, const char *fmt, ...) QW_PRINTF(2, 3);

#endif
