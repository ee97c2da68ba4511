/* Plays the lines of a transcript; expectations are checked, or only the watch is kept. */
#ifndef TRANSCRIPT_PLAY_H
#define TRANSCRIPT_PLAY_H

#include "harness.h"

#include <stdio.h>

struct play {
	const char *file;
	int line, failures;
	FILE *out; /* what comes out is not compared, but written here with all else; NULL */
	bool blind; /* what comes out is not compared: the session may have run out of memory */
	/* What goes in: an event by its words, or bytes of a side. May be NULL. */
	void (*on_input)(struct play *, const char *event, enum session_side side, struct qw_bytes bytes);
	void *user;
};

char *play_read(const char *path); /* the whole file; freed by the caller; ends the program when it cannot */
void play_script(struct play *p, struct harness *h, const char *script);

#endif
