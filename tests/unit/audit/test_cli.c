#include "support.h"

#include "page.h"
#include "transcript.h"

#include "qw/cli.h"
#include "qw/config.h"
#include "qw/pgwire.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct scratch dir;

/* Stands for the config room: only where the record lies matters here. */
int config_load(const char *file, struct config *out, struct config_problem *problem)
{
	*out = (struct config){0};
	if (strcmp(file, "good.yaml") != 0) {
		*problem = (struct config_problem){
			.line = 3, .column = 7, .text = "what is \x1b[31mthis"};
		return QW_E_CONFIG;
	}
	out->audit.directory = dir.path;
	return 0;
}

void config_fini(struct config *c)
{
	(void)c;
}

/* ---- a session with everything in it ---- */

static void put(struct audit *a, struct qw_buf *b, struct qw_record *r)
{
	uint64_t seq;

	assert_int_equal(qw_record_end(r), 0);
	assert_int_equal(audit_append(a, qw_buf_pending(b), &seq), 0);
	qw_buf_clear(b);
}

static void begin(struct qw_record *r, struct qw_buf *b, uint16_t type, uint64_t n)
{
	struct qw_record_header h = {.version = QW_RECORD_VERSION,
		.type = type,
		.wall_us = UINT64_C(1700000000000000) + n * 1000000,
		.mono_us = 5000000 + n * 1000000,
		.session_seq = n};

	memset(h.session, 0xab, sizeof(h.session));
	h.session[15] = 1;
	qw_record_begin(r, b, &h);
}

static void be16(struct qw_buf *b, unsigned v)
{
	uint8_t p[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	assert_int_equal(qw_buf_append(b, p, 2), 0);
}

static void be32(struct qw_buf *b, uint32_t v)
{
	be16(b, v >> 16);
	be16(b, v & 0xffff);
}

static void column(struct qw_buf *b, const char *name, uint32_t type, unsigned format)
{
	assert_int_equal(qw_buf_append(b, name, strlen(name) + 1), 0);
	be32(b, 0);
	be16(b, 0);
	be32(b, type);
	be16(b, 0xffff);
	be32(b, UINT32_MAX);
	be16(b, format);
}

static void value(struct qw_buf *b, const void *p, size_t n)
{
	be32(b, (uint32_t)n);
	assert_int_equal(qw_buf_append(b, p, n), 0);
}

static void message(struct qw_buf *out, uint8_t type, struct qw_buf *body)
{
	assert_int_equal(pgwire_put_message(out, type, qw_buf_pending(body)), 0);
	qw_buf_clear(body);
}

static void sample_response(struct qw_buf *out)
{
	struct qw_buf m;

	qw_buf_init(&m, 1 << 20);
	be16(&m, 3);
	column(&m, "id", 23, 1);
	column(&m, "e\x1b[2Jmail", 25, 0);
	column(&m, "x", 25, 0);
	message(out, 'T', &m);
	be16(&m, 3);
	value(&m, "\0\0\0\x2a", 4);
	value(&m, "a***@\xe2\x80\xae", 8);
	be32(&m, UINT32_MAX);
	message(out, 'D', &m);
	be16(&m, 3);
	value(&m, "\xff\xff\xff\xff", 4);
	value(&m, "two\nlines", 9);
	value(&m, "v", 1);
	message(out, 'D', &m);
	assert_int_equal(qw_buf_append(&m, "SELECT 2", 9), 0);
	message(out, 'C', &m);
	assert_int_equal(pgwire_put_ready(out, 'T'), 0);
	qw_buf_fini(&m);
}

static void statement(
	struct audit *a, uint64_t n, uint64_t id, const char *sql, const char *decision)
{
	struct qw_record r;
	struct qw_buf b;

	qw_buf_init(&b, 1 << 20);
	begin(&r, &b, QW_RECORD_STATEMENT, n);
	qw_record_u64(&r, QW_FIELD_STATEMENT_ID, id);
	qw_record_text(&r, QW_FIELD_SQL, sql);
	qw_record_text(&r, QW_FIELD_DECISION, decision);
	qw_record_text(&r, QW_FIELD_RULE, "some rule");
	put(a, &b, &r);
	qw_buf_fini(&b);
}

static void result(
	struct audit *a, uint64_t n, uint64_t id, struct qw_bytes response, const char *tag)
{
	struct qw_record r;
	struct qw_buf b;

	qw_buf_init(&b, 1 << 20);
	begin(&r, &b, QW_RECORD_RESULT, n);
	qw_record_u64(&r, QW_FIELD_STATEMENT_ID, id);
	qw_record_text(&r, QW_FIELD_TAG, tag);
	qw_record_u64(&r, QW_FIELD_ROWS, 2);
	if (response.n)
		qw_record_bytes(&r, QW_FIELD_RESPONSE, response);
	put(a, &b, &r);
	qw_buf_fini(&b);
}

static void write_session(void)
{
	struct audit_options o = {.directory = dir.path};
	struct audit *a;
	struct qw_buf b, response;
	struct qw_record r;

	scratch_new(&dir);
	a = open_ledger(&o);
	qw_buf_init(&b, 1 << 20);
	qw_buf_init(&response, 1 << 20);
	begin(&r, &b, QW_RECORD_SESSION_OPEN, 0);
	qw_record_text(&r, QW_FIELD_SUBJECT, "ann\x1b]0;owned\x07");
	qw_record_text(&r, QW_FIELD_ROLE, "agent");
	qw_record_text(&r, QW_FIELD_DATABASE, "shopdb");
	put(a, &b, &r);
	statement(a, 1, 1, "select id,\n  email \x1b[31m from users", "allow");
	statement(a, 2, 2, "drop table users;", "deny");
	sample_response(&response);
	result(a, 3, 1, qw_buf_pending(&response), "SELECT 2");
	qw_buf_clear(&response);
	assert_int_equal(pgwire_put_error(&response, 'E', "ERROR", "42501",
				 "drop is not for agents", NULL, "ask \x1b[1m a DBA"),
		0);
	result(a, 4, 2, qw_buf_pending(&response), "42501 denied");
	statement(a, 5, 3, "alter table users add x int", "review");
	begin(&r, &b, QW_RECORD_SESSION_CLOSE, 6);
	qw_record_text(&r, QW_FIELD_REASON, "client left");
	put(a, &b, &r);
	audit_close(a);
	qw_buf_fini(&b);
	qw_buf_fini(&response);
}

/* ---- running a command ---- */

enum { OUTPUT_MAX = 1 << 16 };

static int run(int (*command)(int, char **), const char *const *args, char *text)
{
	char *argv[12] = {NULL};
	int argc = 0, status, kept[2] = {dup(1), dup(2)};
	FILE *f = tmpfile();
	size_t n;

	assert_non_null(f);
	while (args[argc]) {
		argv[argc] = strdup(args[argc]);
		argc++;
	}
	(void)fflush(stdout);
	assert_true(dup2(fileno(f), 1) == 1 && dup2(fileno(f), 2) == 2);
	status = command(argc, argv);
	(void)fflush(stdout);
	assert_true(dup2(kept[0], 1) == 1 && dup2(kept[1], 2) == 2);
	close(kept[0]);
	close(kept[1]);
	rewind(f);
	n = fread(text, 1, OUTPUT_MAX - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	while (argc > 0)
		free(argv[--argc]);
	for (size_t i = 0; i < n;
		i++) /* whatever it prints, no control character gets to the terminal */
		assert_true((uint8_t)text[i] >= 0x20 || text[i] == '\n');
	assert_null(strstr(text, "\xe2\x80\xae"));
	return status;
}

#define RUN(command, text, ...) run(command, (const char *const[]){__VA_ARGS__, NULL}, text)

static char text[OUTPUT_MAX];

static void has(const char *what)
{
	if (!strstr(text, what))
		print_message("%s", text);
	assert_non_null(strstr(text, what));
}

static void sessions_are_listed(void **state)
{
	(void)state;
	write_session();
	assert_int_equal(RUN(cli_sessions, text, "sessions", "--audit", dir.path), 0);
	has("abababababab 2023-11-14 22:13:20.000Z       6.0s agent        ann\\x1b]0;owned\\x07");
	has("shopdb            3      1     1  client left\n");
	assert_int_equal(RUN(cli_sessions, text, "sessions", "--json", "--limit", "1", "--config",
				 "good.yaml"),
		0);
	has("{\"session\":\"ababababababababababababababab01\"");
	has("\"subject\":\"ann\\u001b]0;owned\\u0007\"");
	has("\"statements\":3,\"refused\":1,\"held\":1,\"reason\":\"client left\"}");
	assert_int_equal(RUN(cli_sessions, text, "sessions"), 2);
	assert_int_equal(
		RUN(cli_sessions, text, "sessions", "--limit", "x", "--audit", dir.path), 2);
	assert_int_equal(RUN(cli_sessions, text, "sessions", "--audit"), 2);
	assert_int_equal(RUN(cli_sessions, text, "sessions", "--audit", "/nonexistent"), 1);
	assert_int_equal(RUN(cli_sessions, text, "sessions", "--config", "bad.yaml"), 1);
	has("bad.yaml:3:7: what is \\x1b[31mthis");
	scratch_remove(&dir);
}

static void a_transcript_reads_like_psql(void **state)
{
	(void)state;
	write_session();
	assert_int_equal(
		RUN(cli_replay, text, "replay", "ABAB", "--transcript", "--audit", dir.path), 0);
	has("shopdb=> select id,\n"
	    "shopdb->   email \\x1b[31m from users;\n"
	    " id | e\\x1b[2Jmail  | x \n"
	    "----+---------------+---\n"
	    " 42 | a***@\\u{202e} | \n"
	    " -1 | two\\nlines    | v\n"
	    "(2 rows)\n"
	    "\n"
	    "shopdb=*> drop table users;\n"
	    "ERROR:  42501: drop is not for agents\n"
	    "HINT:  ask \\x1b[1m a DBA\n");
	has("alter table users add x int;\n-- no result is recorded\n");
	has("-- closed: client left\n");
	scratch_remove(&dir);
}

static void a_timeline_and_json(void **state)
{
	size_t lines = 0;

	(void)state;
	write_session();
	assert_int_equal(RUN(cli_replay, text, "replay", "abababab", "--audit", dir.path), 0);
	has("+     1.000s statement #1 allow by some rule\n             select id, email \\x1b[31m "
	    "from users\n");
	has("+     3.000s result #1 SELECT 2, 2 rows");
	assert_int_equal(
		RUN(cli_replay, text, "replay", "abababab", "--json", "--audit", dir.path), 0);
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		lines++;
	assert_int_equal(lines, 7);
	has("\"sql\":\"select id,\\u000a  email \\u001b[31m from users\"");
	has("\"response_base64\":\"");
	assert_int_equal(RUN(cli_replay, text, "replay", "ab", "--audit", dir.path), 1);
	assert_int_equal(RUN(cli_replay, text, "replay", "abac", "--audit", dir.path), 1);
	has("no session starts with abac");
	assert_int_equal(RUN(cli_replay, text, "replay", "\x1b[2J", "--audit", dir.path), 1);
	assert_int_equal(RUN(cli_replay, text, "replay", "gateway", "--audit", dir.path), 0);
	assert_int_equal(RUN(cli_replay, text, "replay", "--audit", dir.path), 2);
	assert_int_equal(RUN(cli_replay, text, "replay", "abab", "--json", "--transcript",
				 "--audit", dir.path),
		2);
	scratch_remove(&dir);
}

static void check_value(uint32_t type, const void *bytes, size_t n, const char *want)
{
	struct page p;

	page_init(&p);
	transcript_value(&p, type, true, qw_bytes(bytes, n));
	page_text(&p, "|");
	assert_int_equal(p.err, 0);
	if (p.b.n != strlen(want) + 1 || memcmp(p.b.p, want, strlen(want)) != 0)
		print_message(
			"type %u: %.*s, not %s\n", type, (int)p.b.n, (const char *)p.b.p, want);
	assert_int_equal(p.b.n, strlen(want) + 1);
	assert_memory_equal(p.b.p, want, strlen(want));
	page_fini(&p);
}

/* Bytes as PostgreSQL 15 sends them for these values. */
static void binary_values(void **state)
{
	(void)state;
	check_value(16, "\1", 1, "t");
	check_value(21, "\xff\xfe", 2, "-2");
	check_value(20, "\x80\0\0\0\0\0\0\0", 8, "-9223372036854775808");
	check_value(26, "\xff\xff\xff\xff", 4, "4294967295");
	check_value(701, "\x3f\xb9\x99\x99\x99\x99\x99\x9a", 8, "0.1");
	check_value(700, "\x3d\xcc\xcc\xcd", 4, "0.1");
	check_value(701, "\x7f\xf8\0\0\0\0\0\0", 8, "NaN");
	check_value(700, "\xff\x80\0\0", 4, "-Infinity");
	check_value(1700, "\0\1\0\2\0\0\0\0\0\1", 10, "100000000");
	check_value(1700, "\0\2\xff\xff\0\0\0\x8\0\1\0\x14", 12, "0.00010020");
	check_value(1700, "\0\3\0\1\0\0\0\4\0\1\0\0\0\1", 14, "10000.0001");
	check_value(700, "\x3f\xc0\0\0", 4, "1.5");
	check_value(701, "\xbf\xf8\0\0\0\0\0\0", 8, "-1.5");
	check_value(1082, "\0\0\0\0", 4, "2000-01-01");
	check_value(1082, "\0\0\x21\xf3", 4, "2023-10-18");
	check_value(1082, "\xff\xf4\xdb\xf8", 4, "0001-12-31 BC");
	check_value(1082, "\x7f\xff\xff\xff", 4, "infinity");
	check_value(1083, "\0\0\0\0\0\0\0\1", 8, "00:00:00.000001");
	check_value(1114, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, "1999-12-31 23:59:59.999999");
	check_value(1184, "\0\0\0\0\0\0\0\0", 8, "2000-01-01 00:00:00+00");
	check_value(2950, "0123456789abcdef", 16, "30313233-3435-3637-3839-616263646566");
	check_value(3802, "\1{\"a\": 1}", 9, "{\"a\": 1}");
	check_value(17, "\0\xff", 2, "\\x00ff");
	check_value(600, "ab", 2, "\\x6162");
	check_value(1700, "\0\2\0\1\0\0\0\2\0\1\x09\x29", 12, "12345.00"); /* 1 2345 */
	check_value(1700, "\0\2\0\0\x40\0\0\3\0\7\x13\x88", 12, "-7.500");
	check_value(1700, "\0\1\xff\xff\0\0\0\2\0\x64", 10, "0.01");
	check_value(1700, "\0\1\xff\xfe\0\0\0\6\0\x64", 10, "0.000001");
	check_value(1700, "\0\0\0\0\0\0\0\0", 8, "0");
	check_value(1700, "\0\0\0\0\xc0\0\0\0", 8, "NaN");
	check_value(1700, "\0\1\0\0\0\0\0\0\x7f\xff", 10,
		"\\x0001000000000000"
		"7fff");		   /* no digit of base 10000 */
	check_value(23, "\1", 1, "\\x01"); /* sizes that lie */
	check_value(1700, "\0\x9", 2, "\\x0009");
}

static void garbage_responses(void **state)
{
	struct qw_buf whole;
	unsigned seed = 31;

	(void)state;
	qw_buf_init(&whole, 1 << 20);
	sample_response(&whole);
	for (int i = 0; i < 5000; i++) {
		size_t n = i < (int)whole.n ? (size_t)i : whole.n;
		uint8_t *copy = malloc(n ? n : 1);
		struct page p;
		char status = 'I';

		assert_non_null(copy);
		memcpy(copy, whole.p, n);
		for (int k = 0; n && i >= (int)whole.n && k < 3; k++)
			copy[(size_t)rand_r(&seed) % n] = (uint8_t)rand_r(&seed);
		page_init(&p);
		assert_int_equal(transcript_response(&p, qw_bytes(copy, n), false, &status), 0);
		for (size_t k = 0; k < p.b.n; k++)
			assert_true(p.b.p[k] >= 0x20 || p.b.p[k] == '\n');
		page_fini(&p);
		free(copy);
	}
	qw_buf_fini(&whole);
}

static void check_safe(struct qw_bytes in, const char *want)
{
	struct page p;

	page_init(&p);
	page_safe(&p, in);
	assert_int_equal(p.b.n, strlen(want));
	assert_memory_equal(p.b.p, want, p.b.n);
	page_fini(&p);
}

static void nothing_drives_the_terminal(void **state)
{
	unsigned seed = 8;

	(void)state;
	check_safe(QW_LIT("plain \xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80"),
		"plain \xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80");
	check_safe(QW_LIT("\x1b[2J\r\b\0\x7f"), "\\x1b[2J\\x0d\\x08\\x00\\x7f");
	check_safe(QW_LIT("\xc2\x9b"
			  "31m"),
		"\\u{9b}31m"); /* CSI as one character */
	check_safe(QW_LIT("\x9b\xff\xc0\xaf"), "\\x9b\\xff\\xc0\\xaf");
	check_safe(QW_LIT("\xe2\x80\xae\xe2\x80\x8b\xef\xbb\xbf"), "\\u{202e}\\u{200b}\\u{feff}");
	check_safe(QW_LIT("\xf3\xa0\x80\xa1\xe2\x80\xa8"), "\\u{e0021}\\u{2028}");
	check_safe(QW_LIT("\xe2\x82"), "\\xe2\\x82");
	for (int i = 0; i < 3000; i++) {
		uint8_t bytes[24];
		struct page p;

		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)rand_r(&seed);
		page_init(&p);
		page_safe(&p, qw_bytes(bytes, sizeof(bytes)));
		page_safe_cut(&p, qw_bytes(bytes, sizeof(bytes)), 10);
		page_json(&p, qw_bytes(bytes, sizeof(bytes)));
		assert_true(qw_utf8_valid(qw_buf_pending(&p.b)));
		for (size_t k = 0; k < p.b.n; k++)
			assert_true(p.b.p[k] >= 0x20 && p.b.p[k] != 0x7f);
		page_fini(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_are_listed),
		cmocka_unit_test(a_transcript_reads_like_psql),
		cmocka_unit_test(a_timeline_and_json),
		cmocka_unit_test(binary_values),
		cmocka_unit_test(garbage_responses),
		cmocka_unit_test(nothing_drives_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
