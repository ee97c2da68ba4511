/* A client that says anything, seeded; and that holds the gateway to the protocol: every answer must fit what was asked. */
#ifndef PROPERTY_CLIENT_H
#define PROPERTY_CLIENT_H

#include "qw/base.h"

enum { ASKED_MAX = 4096 };

struct client {
	uint64_t seed;
	struct qw_buf in; /* from the gateway, not a whole message yet */
	uint8_t asked[ASKED_MAX]; /* Q F P B C E S; s: Describe of a statement, p: of a portal */
	size_t head, count;
	uint8_t last_status; /* of ReadyForQuery */
	bool unsynced, skips, waits_for_copy, copy_is_simple, in_copy, fatal, gone;
	size_t answers;
};

uint32_t client_random(struct client *c, uint32_t below);
void client_init(struct client *c, uint64_t seed);
void client_fini(struct client *c);
/* Appends the bytes of one thing to say; maybe none while it waits. */
void client_speak(struct client *c, struct qw_buf *out);
void client_finish(struct client *c, struct qw_buf *out); /* ends COPY and pipeline in good order */
void client_on(struct client *c, struct qw_bytes bytes); /* from the gateway */
bool client_is_answered(const struct client *c);

#endif
