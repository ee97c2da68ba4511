/*
 * Stand-ins for every room that the street knows, so that it is tested alone: through real sockets and real TLS, with a
 * session that does what single bytes tell it.
 *
 *   s  answer S, start TLS                 a  audit, wait for the ring; then "a"     d  audit, wait for the disk; then "d"
 *   n  audit without waiting, then "n"     c  connect upstream, then relay           t  ask for a tick in 30 ms; then "t"
 *   k  register cancel key                 z  cancel request with that key           p  parse; then "p"
 *   x  say "bye" and close                 f  flood: 8 MiB of 'f'                    anything else: echo
 */
#ifndef DOUBLES_H
#define DOUBLES_H

#include "qw/io.h"

struct doubles {
	/* audit */
	int append_error; /* FULL, IO, LIMIT: what audit_append says */
	uint64_t appended, durable;
	bool audit_failed;
	char order[256]; /* first byte of every record body */
	void (*on_progress)(void *ctx);
	void *ctx;
	/* upstream */
	int upstream_peer; /* the test's end of the last connection */
	int connect_delay_ms, connect_error;
	int upstreams_open; /* connected and not freed */
	/* sessions */
	int sessions_open, ticks, cancels, eofs, drains, policies;
};
extern struct doubles doubles;
void doubles_progress(void); /* as the writer thread would */

#endif
