/*
 * Masks what it is told, one line each: KIND KEEP_FIRST KEEP_LAST CHECK_DIGIT DAYS STEP UNIT OID TYPMOD
 * FORMAT HEX_OF_VALUE|- HEX_OF_CONSTANT|-. Answers "null", "error NAME" or "= HEX". For tests that
 * have a server at hand.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "qw/mask.h"

static size_t unhex(const char *hex, uint8_t *out)
{
	if (strcmp(hex, "-") == 0)
		return 0;
	if (qw_unhex(qw_bytes_from(hex), out))
		exit(2);
	return strlen(hex) / 2;
}

static void answer(const struct mask_column *column, struct mask_key *key, struct qw_bytes value,
	struct qw_buf *out)
{
	static char hex[1 << 16];
	bool is_null;
	int err;

	qw_buf_clear(out);
	err = mask_value(column, key, value, out, &is_null);
	if (err) {
		(void)printf("error %s\n", qw_error_name(err));
	} else if (is_null) {
		(void)puts("null");
	} else {
		qw_hex(qw_buf_pending(out), hex);
		(void)printf("= %s\n", hex);
	}
	(void)fflush(stdout);
}

int main(void)
{
	static char line[1 << 16], hex[1 << 15], constant_hex[1 << 12];
	static uint8_t value[1 << 14], constant[1 << 12];
	struct mask_key *key = mask_key_new(QW_LIT("a key for tests"));
	struct qw_buf out;
	char kind[16];
	unsigned first, keep, check, days, unit;

	qw_buf_init(&out, 1 << 14);
	while (key && fgets(line, sizeof(line), stdin)) {
		struct mask_spec spec = {.name = "probe"};
		struct mask_column column = {.spec = &spec, .domain = "public.t.c"};
		size_t n;

		if (sscanf(line, "%15s %u %u %u %u %" SCNu64 " %u %" SCNu32 " %" SCNd32 " %" SCNu16 " %32767s %4095s", kind,
			    &first, &keep, &check, &days, &spec.step, &unit, &column.type_oid, &column.type_modifier, &column.format, hex,
			    constant_hex) != 12 ||
			mask_kind_parse(kind, &spec.kind))
			return 2;
		spec.keep_first = (uint8_t)first;
		spec.keep_last = (uint8_t)keep;
		spec.has_check_digit = check != 0;
		spec.days = (uint16_t)days;
		spec.unit = (enum mask_unit)unit;
		n = unhex(hex, value);
		constant[unhex(constant_hex, constant)] = '\0';
		spec.constant = spec.kind == MASK_CONSTANT ? (const char *)constant : NULL;
		answer(&column, key, qw_bytes(value, n), &out);
	}
	mask_key_free(key);
	qw_buf_fini(&out);
	return 0;
}
