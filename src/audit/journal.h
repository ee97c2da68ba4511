/*
 * The ring once more, on disk: a file of the same form that the writer brings up to date every few milliseconds with one
 * write and one sync. The ring's own pages are never synced: each sync would protect them against writing again, and the loop
 * would pay a page fault for every few records. What is here is read only after a power cut.
 */
#ifndef QW_AUDIT_JOURNAL_H
#define QW_AUDIT_JOURNAL_H

#include "ring.h"

struct journal {
	int fd; /* -1: not open */
	uint64_t synced; /* position of the ring up to which the file is on disk */
};

/* The file for this ring, made when it is not there, all blocks allocated. What the ring holds now is in the store already. */
int journal_open(const char *path, const struct ring *r, struct journal *out) QW_MUST_CHECK;
void journal_close(struct journal *j);
/* What is in the ring in front of `head` is on disk when it returns 0. IO: errno tells. */
int journal_sync(struct journal *j, const struct ring *r, uint64_t head) QW_MUST_CHECK;

/* What stands in front of `pos` is in the store. */
void journal_forget(struct journal *j, uint64_t pos);

#endif
