#include "qw/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* after its needs */
#include <cmocka.h>

static const struct qw_record_header sample = {
	.version = QW_RECORD_VERSION,
	.type = QW_RECORD_STATEMENT,
	.wall_us = 0x0102030405060708,
	.mono_us = 0x1112131415161718,
	.session = {0xa0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xaf},
	.session_seq = 0x2122232425262728,
};

static void encode_sample(struct qw_buf *out)
{
	struct qw_record r;
	uint8_t digest[32];

	memset(digest, 0xdd, sizeof(digest));
	qw_record_begin(&r, out, &sample);
	qw_record_u64(&r, QW_FIELD_STATEMENT_ID, 7);
	qw_record_bytes(&r, QW_FIELD_SQL, QW_LIT("select \0 1"));
	qw_record_text(&r, QW_FIELD_RULE, NULL);
	qw_record_text(&r, QW_FIELD_DECISION, "allow");
	qw_record_bytes(&r, QW_FIELD_DIGEST, qw_bytes(digest, sizeof(digest)));
	qw_record_bytes(&r, QW_FIELD_BINDS, qw_bytes(NULL, 0));
	assert_int_equal(qw_record_end(&r), 0);
}

static void decode_gives_back_what_was_encoded(void **state)
{
	static const unsigned tags[] = {QW_FIELD_STATEMENT_ID, QW_FIELD_SQL, QW_FIELD_DECISION,
		QW_FIELD_DIGEST, QW_FIELD_BINDS};
	struct qw_record_header h;
	struct qw_bytes fields, value;
	struct qw_buf b;
	unsigned tag;

	(void)state;
	qw_buf_init(&b, 4096);
	encode_sample(&b);
	assert_int_equal(qw_record_open(qw_buf_pending(&b), &h, &fields), 0);
	assert_int_equal(h.version, 1);
	assert_int_equal(h.type, QW_RECORD_STATEMENT);
	assert_int_equal(h.wall_us, sample.wall_us);
	assert_int_equal(h.mono_us, sample.mono_us);
	assert_int_equal(h.session_seq, sample.session_seq);
	assert_memory_equal(h.session, sample.session, QW_SESSION_ID_BYTES);
	assert_true(qw_record_find(fields, QW_FIELD_SQL, &value));
	assert_true(qw_bytes_equal(value, QW_LIT("select \0 1")));
	assert_false(qw_record_find(fields, QW_FIELD_RULE, &value));
	assert_true(qw_record_find(fields, QW_FIELD_STATEMENT_ID, &value));
	assert_int_equal(qw_record_u64_value(value), 7);
	for (size_t i = 0; i < QW_COUNT(tags); i++) {
		assert_int_equal(qw_record_next(&fields, &tag, &value), 0);
		assert_int_equal(tag, tags[i]);
	}
	assert_int_equal(qw_record_next(&fields, &tag, &value), QW_E_NOTFOUND);
	qw_buf_fini(&b);
}

/* The layout is stored for years: these bytes may never change. */
static void layout_is_fixed(void **state)
{
	static const char want[] = "000100140102030405060708"
				   "1112131415161718"
				   "a00102030405060708090a0b0c0d0eaf"
				   "2122232425262728"
				   "14000000080000000000000007"
				   "180000000464656e79";
	struct qw_record r;
	struct qw_buf b;
	char hex[2 * 128 + 1];

	(void)state;
	qw_buf_init(&b, 4096);
	qw_record_begin(&r, &b, &sample);
	qw_record_u64(&r, QW_FIELD_STATEMENT_ID, 7);
	qw_record_text(&r, QW_FIELD_DECISION, "deny");
	assert_int_equal(qw_record_end(&r), 0);
	assert_true(b.n < 128);
	qw_hex(qw_buf_pending(&b), hex);
	assert_string_equal(hex, want);
	qw_buf_fini(&b);
}

static void strict_prefixes_lose_a_field_or_are_refused(void **state)
{
	struct qw_record_header h;
	struct qw_bytes fields, value;
	struct qw_buf b;

	(void)state;
	qw_buf_init(&b, 4096);
	encode_sample(&b);
	for (size_t n = 0; n < b.n; n++) {
		uint8_t *copy =
			malloc(n ? n : 1); /* exact size: the sanitizer sees one byte too many */
		unsigned tag;
		int err;

		assert_non_null(copy);
		memcpy(copy, b.p, n);
		err = qw_record_open(qw_bytes(copy, n), &h, &fields);
		assert_int_equal(err, n < QW_RECORD_HEADER_BYTES ? QW_E_MALFORMED : 0);
		while (err == 0)
			err = qw_record_next(&fields, &tag, &value);
		assert_true(err == QW_E_MALFORMED || err == QW_E_NOTFOUND);
		assert_false(err == QW_E_NOTFOUND && fields.n != 0);
		free(copy);
	}
	qw_buf_fini(&b);
}

static void garbage_never_reads_outside(void **state)
{
	unsigned seed = 20261123;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t n = (size_t)(rand_r(&seed) % 160);
		uint8_t *p = malloc(n ? n : 1);
		struct qw_record_header h;
		struct qw_bytes fields, value;
		unsigned tag;

		assert_non_null(p);
		for (size_t i = 0; i < n; i++)
			p[i] = (uint8_t)(rand_r(&seed) % (i % 3 ? 256 : 4));
		if (n > 2) {
			p[0] = 0;
			p[1] = 1;
		}
		if (qw_record_open(qw_bytes(p, n), &h, &fields) == 0) {
			while (qw_record_next(&fields, &tag, &value) == 0)
				assert_true(value.p + value.n <= p + n);
		}
		free(p);
	}
}

static void lies_are_malformed(void **state)
{
	static const struct qw_bytes lies[] = {
		{(const uint8_t *)"\x16\xff\xff\xff\xff"
				  "abc",
			8},			    /* longer than what is there */
		{(const uint8_t *)"\x16\0\0\0", 4}, /* half a field header */
		{(const uint8_t *)"\x14\0\0\0\x07"
				  "1234567",
			12},				 /* u64 of seven bytes */
		{(const uint8_t *)"\x2a\0\0\0\x01x", 6}, /* digest of one byte */
		{(const uint8_t *)"\0\0\0\0\0", 5},	 /* no tag */
	};
	struct qw_record_header h;
	struct qw_bytes fields, value;
	unsigned tag;

	(void)state;
	for (size_t i = 0; i < QW_COUNT(lies); i++) {
		fields = lies[i];
		assert_int_equal(qw_record_next(&fields, &tag, &value), QW_E_MALFORMED);
		assert_false(qw_record_find(lies[i], QW_FIELD_SQL, &value));
	}
	fields = qw_bytes("\xfa\0\0\0\x01x", 6); /* a tag of the future */
	assert_int_equal(qw_record_next(&fields, &tag, &value), 0);
	assert_int_equal(tag, 0xfa);
	assert_string_equal(qw_record_field_name(tag, NULL), "unknown");
	assert_int_equal(qw_record_open(qw_bytes("\0\2"
						 "0123456789012345678901234567890123456789012345",
						48),
				 &h, &fields),
		QW_E_UNSUPPORTED);
	assert_int_equal(qw_record_u64_value(qw_bytes("123", 3)), 0);
}

/* Whatever limit stops an encoder, nothing of the record stays, and what stood in front of it does.
 */
static void a_record_that_does_not_fit_is_taken_back(void **state)
{
	struct qw_record r;
	struct qw_buf b;

	(void)state;
	for (size_t max = 4; max < 90; max++) {
		int err;

		qw_buf_init(&b, max);
		assert_int_equal(qw_buf_append(&b, "xxab", 4), 0);
		qw_buf_consume(&b, 2);
		qw_record_begin(&r, &b, &sample);
		qw_record_text(&r, QW_FIELD_SUBJECT, "somebody");
		qw_record_text(&r, QW_FIELD_ROLE, "reader");
		err = qw_record_end(&r);
		assert_int_equal(err, max < 2 + 44 + 13 + 11 ? QW_E_LIMIT : 0);
		assert_int_equal(qw_buf_pending(&b).n, err ? 2 : 2 + 44 + 13 + 11);
		assert_memory_equal(qw_buf_pending(&b).p, "ab", 2);
		qw_buf_fini(&b);
	}
}

static void names_are_unique(void **state)
{
	enum qw_field_kind kind;

	(void)state;
	for (unsigned a = 0; a < 256; a++) {
		const char *name = qw_record_field_name(a, &kind);

		assert_true((kind == QW_KIND_UNKNOWN) == (strcmp(name, "unknown") == 0));
		for (unsigned b = a + 1; b < 256 && kind != QW_KIND_UNKNOWN; b++)
			assert_string_not_equal(name, qw_record_field_name(b, NULL));
	}
	assert_string_equal(qw_record_field_name(1000, &kind), "unknown");
	assert_string_equal(qw_record_type_name(QW_RECORD_STATEMENT), "statement");
	assert_string_equal(qw_record_type_name(9999), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decode_gives_back_what_was_encoded),
		cmocka_unit_test(layout_is_fixed),
		cmocka_unit_test(strict_prefixes_lose_a_field_or_are_refused),
		cmocka_unit_test(garbage_never_reads_outside),
		cmocka_unit_test(lies_are_malformed),
		cmocka_unit_test(a_record_that_does_not_fit_is_taken_back),
		cmocka_unit_test(names_are_unique),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
