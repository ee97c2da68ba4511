#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void scratch_new(struct scratch *s)
{
	const char *tmp = getenv("TMPDIR");

	assert_true(snprintf(s->path, sizeof(s->path), "%s/qw-audit-XXXXXX", tmp ? tmp : "/tmp") <
		    (int)sizeof(s->path));
	assert_non_null(mkdtemp(s->path));
}

void scratch_file(const struct scratch *s, const char *name, char out[128])
{
	assert_true(snprintf(out, 128, "%s/%s", s->path, name) < 128);
}

void scratch_remove(struct scratch *s)
{
	DIR *d = opendir(s->path);
	struct dirent *e;
	char path[512];

	assert_non_null(d);
	while ((e = readdir(d))) {
		(void)snprintf(path, sizeof(path), "%s/%s", s->path, e->d_name);
		(void)unlink(path);
	}
	closedir(d);
	assert_int_equal(rmdir(s->path), 0);
}

struct qw_bytes sample_record(
	struct qw_buf *b, uint8_t session, uint64_t session_seq, uint16_t type, size_t payload)
{
	struct qw_record_header h = {.version = QW_RECORD_VERSION,
		.type = type,
		.wall_us = 1,
		.session_seq = session_seq};
	uint8_t *bytes = malloc(payload + 1);
	struct qw_record r;

	assert_non_null(bytes);
	memset(h.session, session, sizeof(h.session));
	for (size_t i = 0; i < payload; i++)
		bytes[i] = (uint8_t)(session_seq * 31 + i);
	qw_buf_clear(b);
	qw_record_begin(&r, b, &h);
	qw_record_bytes(&r, QW_FIELD_RESPONSE, qw_bytes(bytes, payload));
	assert_int_equal(qw_record_end(&r), 0);
	free(bytes);
	return qw_buf_pending(b);
}

struct audit *open_ledger(const struct audit_options *o)
{
	struct audit *a;
	char why[512];
	int err = audit_open(o, &a, why, sizeof(why));

	if (err || why[0])
		print_message("audit_open: %s: %s\n", qw_error_name(err), why);
	assert_int_equal(err, 0);
	assert_string_equal(why, "");
	return a;
}

void append_one(
	struct audit *a, uint8_t session, uint64_t session_seq, uint16_t type, size_t payload)
{
	struct qw_buf b;
	uint64_t seq;
	int err;

	qw_buf_init(&b, 1 << 24);
	(void)sample_record(&b, session, session_seq, type, payload);
	while ((err = audit_append(a, qw_buf_pending(&b), &seq)) == QW_E_FULL)
		usleep(200);
	assert_int_equal(err, 0);
	qw_buf_fini(&b);
}

void wait_durable(struct audit *a, uint64_t seq)
{
	audit_hurry(a, seq);
	for (int i = 0; i < 20000 && audit_durable(a) < seq; i++)
		usleep(500);
	assert_true(audit_durable(a) >= seq);
}

bool tally_record(void *ctx, uint64_t seq, struct qw_bytes record)
{
	struct tally *t = ctx;
	struct qw_record_header h;
	struct qw_bytes fields, value;

	if (t->records == 0) {
		t->first = seq;
		t->in_order = t->whole = true;
	} else if (seq != t->last + 1) {
		t->in_order = false;
	}
	t->last = seq;
	t->records++;
	if (qw_record_open(record, &h, &fields) ||
		!qw_record_find(fields, QW_FIELD_RESPONSE, &value)) {
		t->whole = false;
		return true;
	}
	for (size_t i = 0; i < value.n; i++)
		t->whole = t->whole && value.p[i] == (uint8_t)(h.session_seq * 31 + i);
	return true;
}

struct tally read_all(const char *directory)
{
	struct audit_reader *r;
	struct tally t = {.in_order = true, .whole = true};
	char why[256];

	assert_int_equal(audit_reader_open(directory, &r, why, sizeof(why)), 0);
	assert_int_equal(audit_each(r, 0, tally_record, &t), 0);
	audit_reader_close(r);
	return t;
}
