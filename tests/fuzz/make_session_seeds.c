/* Transcripts -> seeds of fuzz_session. Usage: make_session_seeds POLICY FOLDER FILE.wire... */
#include "play.h"
#include "session_ops.h"

#include <stdio.h>
#include <stdlib.h>

static void put(struct qw_buf *out, uint8_t byte)
{
	QW_ASSERT(!qw_buf_append(out, &byte, 1));
}

static void on_event(struct qw_buf *out, const char *line)
{
	for (size_t i = 0; i < QW_COUNT(session_events); i++)
		if (strcmp(session_events[i], line) == 0 || (strncmp(line, "tick", 4) == 0 && strncmp(session_events[i], "tick", 4) == 0) ||
			(strncmp(line, "deny", 4) == 0 && strncmp(session_events[i], "deny", 4) == 0))
			put(out, (uint8_t)(OP_EVENTS + i));
	if (strcmp(line, "audited") == 0)
		put(out, OP_AUDITED);
}

static void on_input(struct play *p, const char *event, enum session_side side, struct qw_bytes bytes)
{
	struct qw_buf *out = p->user;

	if (event) {
		on_event(out, event);
		return;
	}
	put(out, side == SESSION_CLIENT ? OP_CLIENT : OP_UPSTREAM);
	put(out, (uint8_t)(bytes.n >> 8));
	put(out, (uint8_t)bytes.n);
	QW_ASSERT(bytes.n < 65536 && !qw_buf_append(out, bytes.p, bytes.n));
}

int main(int argc, char **argv)
{
	static struct harness h;
	char *policy = argc > 3 ? play_read(argv[1]) : NULL;

	if (!policy)
		return 2;
	harness_open(&h, argv[1], policy);
	for (int i = 3; i < argc; i++) {
		struct qw_buf seed;
		struct play p = {.file = argv[i], .blind = true, .on_input = on_input, .user = &seed};
		char *script = play_read(argv[i]), path[4096];
		const char *base = strrchr(argv[i], '/');
		FILE *f;

		qw_buf_init(&seed, 1 << 20);
		harness_end(&h);
		harness_forget(&h);
		QW_ASSERT(harness_begin(&h));
		play_script(&p, &h, script);
		(void)snprintf(path, sizeof(path), "%s/%.*s", argv[2], (int)strcspn(base ? base + 1 : argv[i], "."), base ? base + 1 : argv[i]);
		f = fopen(path, "wb");
		QW_ASSERT(f && fwrite(seed.p, 1, seed.n, f) == seed.n && !fclose(f));
		qw_buf_fini(&seed);
		free(script);
	}
	harness_close(&h);
	free(policy);
	return 0;
}
