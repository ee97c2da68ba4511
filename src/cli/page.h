/*
 * Text for an auditor's terminal. What a record holds was written by the one who is watched: it
 * must not be able to move the cursor, change colours, hide itself or turn the line around. So
 * recorded bytes are printed through page_safe only.
 */
#ifndef QW_CLI_PAGE_H
#define QW_CLI_PAGE_H

#include "qw/base.h"

#include <stdio.h>

struct page { /* text that is collected; the first error sticks */
	struct qw_buf b;
	int err;
};
void page_init(struct page *p);
void page_fini(struct page *p);
int page_flush(struct page *p,
	FILE *to) QW_MUST_CHECK; /* writes and clears; IO, or the error that stuck */

void page_text(struct page *p, const char *s); /* our own words, as they are */
void page_printf(struct page *p, const char *fmt, ...) QW_PRINTF(2, 3); /* our own, short */
void page_fill(struct page *p, char c, size_t n);
/* Recorded bytes: control, invisible and direction characters as \x1b or \u{202e}, newline as \n.
 */
void page_safe(struct page *p, struct qw_bytes s);
void page_safe_cut(struct page *p, struct qw_bytes s,
	size_t max); /* on one line, white space joined, at most max bytes */
void page_json(struct page *p,
	struct qw_bytes
		s); /* quoted; ASCII controls and unsafe code points as \uXXXX; must be UTF-8 */
void page_base64(struct page *p, struct qw_bytes s);

void page_time(struct page *p, uint64_t wall_us); /* 2026-11-23 01:28:04.123Z */
/* Columns that printed text takes: wide and combining characters counted as terminals do, roughly.
 */
size_t page_width(struct qw_bytes printed);

#endif
