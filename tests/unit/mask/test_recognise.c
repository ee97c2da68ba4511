#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qw/mask.h"

enum { BYTEA = 17, INT4 = 23, TEXT = 25, JSON = 114, XML = 142, TEXTS = 1009, DATE = 1082, UUID = 2950, ENUM = 16400 };
#define TOKEN "tok_7840fb814bc72bb9033a"
#define C MASK_TRACE_CERTAIN
#define P MASK_TRACE_POSSIBLE
#define N MASK_TRACE_NONE

static const struct {
	enum mask_kind kind;
	uint32_t oid;
	const char *value;
	enum mask_trace trace;
} cases[] = {
	{MASK_HASH, TEXT, TOKEN, C}, {MASK_REDACT, TEXT, TOKEN, C}, {MASK_HASH, ENUM, TOKEN, C}, {MASK_HASH, 0, TOKEN, C},
	{MASK_HASH, TEXT, "see " TOKEN ".", C}, {MASK_EMAIL, TEXT, TOKEN "@gmail.com", C}, {MASK_HASH, JSON, "{\"a\":\"" TOKEN "\"}", C},
	{MASK_HASH, XML, "<token>" TOKEN "</token>", C}, {MASK_HASH, TEXT, "ttok_tok_7840fb814bc72bb9033a", C},
	{MASK_HASH, TEXT, TOKEN "0", N}, {MASK_HASH, TEXT, "tok_7840fb814bc72bb9033", N}, {MASK_HASH, TEXT, "tok_7840fb814bc72bb9033A", N},
	{MASK_HASH, TEXT, "7840fb814bc72bb9033a", P}, {MASK_HASH, TEXT, "beef", P}, {MASK_REDACT, TEXT, "beef", N},
	{MASK_REDACT, TEXT, "***", C}, {MASK_PARTIAL, TEXT, "***   ", C}, {MASK_REDACT, TEXT, "** ", P}, {MASK_REDACT, TEXT, "****", N},
	{MASK_PARTIAL, TEXT, "****1234", C}, {MASK_PARTIAL, TEXT, "****\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", C},
	{MASK_PARTIAL, TEXT, "****12345", N}, {MASK_REDACT, TEXT, "****1234", N},
	{MASK_CONSTANT, TEXT, "hidden", C}, {MASK_CONSTANT, TEXT, "hiddenx", N}, {MASK_REDACT, TEXT, "hidden", N},
	{MASK_CONSTANT, JSON, "\"hidden\"", P}, {MASK_REDACT, XML, "<redacted/>", C}, {MASK_REDACT, JSON, "{}", P}, {MASK_REDACT, INT4, "0", P},
	{MASK_REDACT, INT4, "1", N}, {MASK_REDACT, DATE, "2000-01-01", P}, {MASK_REDACT, DATE, "2000-01-02", N},
	{MASK_REDACT, UUID, "00000000-0000-0000-0000-000000000000", P}, {MASK_HASH, UUID, "746f6b5f-1234-8123-8123-123456789012", C},
	{MASK_HASH, 705, "746f6b5f-1234-8123-8123-123456789012", C},
	{MASK_HASH, 0, "\\x746f6b5f3738343066623831346263373262623930333361", C}, {MASK_HASH, UUID, "746f6b5f-1234-4123-8123-123456789012", N}, {MASK_HASH, UUID, "x", N},
	{MASK_HASH, BYTEA, "\\x746f6b5f37383430666238313462633732626239303333", N},
	{MASK_HASH, BYTEA, "\\x746f6b5f3738343066623831346263373262623930333361", C}, {MASK_REDACT, BYTEA, "\\x", P},
	{MASK_HASH, TEXTS, "{a,\"" TOKEN "\",b}", C}, {MASK_REDACT, TEXTS, "{{a,b},{c,***}}", C}, {MASK_REDACT, TEXTS, "{a,b}", N},
	{MASK_REDACT, TEXTS, "{" TOKEN, C}, {MASK_REDACT, TEXTS, "{broken", N},
	{MASK_FF1, TEXT, "4111111111111111", P}, {MASK_FF1, TEXT, "AB-123456", N}, {MASK_DATE_SHIFT, DATE, "2024-01-01", N},
	{MASK_NULL, TEXT, "anything", N}, {MASK_HASH, TEXT, "", N}, {MASK_REDACT, TEXT, "", N},
};

static void test_traces(void **state)
{
	(void)state;
	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		struct mask_spec spec = {.kind = cases[i].kind, .keep_last = 4, .constant = cases[i].kind == MASK_CONSTANT ? "hidden" : NULL};
		enum mask_trace got = mask_recognise(&spec, cases[i].oid, 0, qw_bytes_from(cases[i].value));

		if (got != cases[i].trace)
			fail_msg("case %zu, %s: %d, not %d", i, cases[i].value, (int)got, (int)cases[i].trace);
	}
	assert_int_equal(mask_recognise(NULL, TEXT, 0, QW_LIT("x")), MASK_TRACE_CERTAIN); /* fails closed */
	assert_int_equal(mask_recognise(&(struct mask_spec){0}, TEXT, 2, QW_LIT("x")), MASK_TRACE_CERTAIN);
}

/* What the masks make is what is recognised, in both formats and in arrays. */
static void test_own_outputs(void **state)
{
	static const uint32_t types[] = {TEXT, 1043, 19, JSON, 3802, XML, BYTEA, UUID, TEXTS, 2951, 3807, 1001};
	struct mask_key *key = mask_key_new(QW_LIT("secret"));
	struct qw_buf out;
	bool is_null;

	(void)state;
	qw_buf_init(&out, 1 << 12);
	for (size_t t = 0; t < QW_COUNT(types); t++) {
		bool is_uuid = types[t] == UUID || types[t] == 2951, is_array = types[t] == TEXTS || types[t] == 2951 || types[t] == 3807 || types[t] == 1001;
		const char *one = is_uuid ? "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11" : "\\x616263";

		for (uint16_t format = 0; format < (is_array || is_uuid ? 1 : 2); format++) {
			struct mask_spec spec = {.kind = MASK_HASH};
			struct mask_column column = {.spec = &spec, .domain = "d", .type_oid = types[t], .type_modifier = -1, .format = format};
			char value[64] = "{\"";

			(void)strncpy(is_array ? value + 2 : value, one, 40);
			if (is_array)
				memcpy(value + strlen(value), "\"}", 3);
			qw_buf_clear(&out);
			assert_int_equal(mask_value(&column, key, qw_bytes_from(value), &out, &is_null), 0);
			assert_false(is_null);
			assert_int_equal(mask_recognise(&spec, types[t], format, qw_buf_pending(&out)), MASK_TRACE_CERTAIN);
		}
	}
	qw_buf_fini(&out);
	mask_key_free(key);
}

static void test_recognisable_kinds(void **state)
{
	(void)state;
	assert_true(mask_is_recognisable(MASK_REDACT) && mask_is_recognisable(MASK_HASH) && mask_is_recognisable(MASK_EMAIL));
	assert_false(mask_is_recognisable(MASK_FF1) || mask_is_recognisable(MASK_DATE_SHIFT) || mask_is_recognisable(MASK_ROUND));
	assert_false(mask_is_recognisable((enum mask_kind)99));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_traces),
		cmocka_unit_test(test_own_outputs),
		cmocka_unit_test(test_recognisable_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
