#include "room.h"

/*
 * One legal value of each class, in both formats. Text follows the ISO styles: whatever DateStyle
 * or bytea_output say, the server reads it. An empty `text` means: NULL. Binary: the types' _send
 * functions in the server.
 */
#define ZERO4 "\0\0\0\0"
#define ZERO8 ZERO4 ZERO4
static const struct {
	struct qw_bytes text, binary;
} constants[CLASS_COUNT] = {
#define BOTH(t, b) {{(const uint8_t *)(t), sizeof(t) - 1}, {(const uint8_t *)(b), sizeof(b) - 1}}
	[CLASS_TEXT] = BOTH("***", "***"),
	[CLASS_VARCHAR] = BOTH("***", "***"),
	[CLASS_BPCHAR] = BOTH("***", "***"),
	[CLASS_NAME] = BOTH("***", "***"),
	[CLASS_CHAR] = BOTH("*", "*"),
	[CLASS_JSON] = BOTH("{}", "{}"),
	[CLASS_JSONB] = BOTH("{}", "\x01{}"), /* version 1 */
	[CLASS_XML] = BOTH("<redacted/>", "<redacted/>"), /* a document and a content */
	[CLASS_BYTEA] = BOTH("\\x", ""),
	[CLASS_INT2] = BOTH("0", "\0\0"),
	[CLASS_INT4] = BOTH("0", ZERO4),
	[CLASS_INT8] = BOTH("0", ZERO8),
	[CLASS_OID] = BOTH("0", ZERO4),
	[CLASS_FLOAT4] = BOTH("0", ZERO4),
	[CLASS_FLOAT8] = BOTH("0", ZERO8),
	[CLASS_NUMERIC] = BOTH("0", ZERO8), /* no digits, weight 0, positive, scale 0 */
	[CLASS_MONEY] = BOTH("0", ZERO8), /* legal in every lc_monetary */
	[CLASS_DATE] = BOTH("2000-01-01", ZERO4), /* the epoch of the binary formats */
	[CLASS_TIME] = BOTH("00:00:00", ZERO8),
	[CLASS_TIMETZ] = BOTH("00:00:00+00", ZERO8 ZERO4),
	[CLASS_TIMESTAMP] = BOTH("2000-01-01 00:00:00", ZERO8),
	[CLASS_TIMESTAMPTZ] = BOTH("2000-01-01 00:00:00+00", ZERO8),
	[CLASS_INTERVAL] = BOTH("00:00:00", ZERO8 ZERO8),
	[CLASS_UUID] = BOTH("00000000-0000-0000-0000-000000000000", ZERO8 ZERO8),
	[CLASS_RANGE] = BOTH("empty", "\x01"), /* flag: empty */
	[CLASS_MULTIRANGE] = BOTH("{}", ZERO4), /* no ranges */
	[CLASS_ARRAY] = {.text = {(const uint8_t *)"{}", 2}}, /* binary names the element type */
#undef BOTH
};

static int empty_array(uint32_t element, struct qw_buf *out, bool *is_null)
{
	uint8_t p[12] = {0}; /* dimensions 0, has no NULLs, element type */

	mask_store(p + 8, element, 4);
	return mask_put(qw_bytes(p, sizeof(p)), out, is_null);
}

int mask_redact(
	const struct mask_column *column, enum mask_class class, struct qw_buf *out, bool *is_null)
{
	if (constants[class].text.n == 0)
		return 0;
	if (mask_class_is_text(class))
		return mask_put_text(column, class, constants[class].text, out, is_null);
	if (column->format == FORMAT_TEXT)
		return mask_put(constants[class].text, out, is_null);
	if (class == CLASS_ARRAY)
		return empty_array(mask_type_element(column->type_oid), out, is_null);
	return mask_put(constants[class].binary, out, is_null);
}
