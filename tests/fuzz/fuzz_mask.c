/*
 * Any bytes as a value of any type under any mask, text and binary: what comes out is legal for the type by checks of our own,
 * the same every time, and NULL leaves nothing behind. Bytes 0 to 3 choose kind, type, format and options.
 */
#include "qw/mask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t types[] = {16, 17, 18, 19, 20, 21, 23, 25, 26, 114, 142, 700, 701, 790, 869, 1042, 1043, 1082, 1083, 1114, 1184, 1186,
	1266, 1700, 2249, 2950, 3802, 3904, 4451, 16400};
static const struct {
	uint32_t array, element;
} arrays[] = {{1009, 25}, {1007, 23}, {1016, 20}, {1231, 1700}, {1182, 1082}, {1185, 1184}, {2951, 2950}, {3807, 3802}, {1001, 17}, {791, 790},
	{1014, 1042}, {1022, 701}};

static bool is_digits(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < '0' || p[i] > '9')
			return false;
	return n > 0;
}

/* [-]digits[.digits] */
static bool is_decimal(struct qw_bytes s)
{
	const uint8_t *point;
	size_t whole;

	if (s.n && s.p[0] == '-')
		s = qw_bytes(s.p + 1, s.n - 1);
	point = s.n ? memchr(s.p, '.', s.n) : NULL;
	whole = point ? (size_t)(point - s.p) : s.n;
	return is_digits(s.p, whole) && (!point || is_digits(point + 1, s.n - whole - 1));
}

static bool is_int(struct qw_bytes s, int64_t min, int64_t max)
{
	bool is_negative = s.n && s.p[0] == '-';
	uint64_t v = 0;

	if (!is_decimal(s) || memchr(s.p, '.', s.n) || s.n - is_negative > 19)
		return false;
	for (size_t i = is_negative; i < s.n; i++)
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	return is_negative ? v <= (uint64_t)0 - (uint64_t)min : v <= (uint64_t)max;
}

static bool is_date(struct qw_bytes s)
{
	if (qw_bytes_equal(s, QW_LIT("infinity")) || qw_bytes_equal(s, QW_LIT("-infinity")))
		return true;
	return s.n >= 10 && is_digits(s.p, 4) && s.p[4] == '-' && is_digits(s.p + 5, 2) && s.p[7] == '-' && is_digits(s.p + 8, 2);
}

static bool is_numeric(struct qw_bytes s)
{
	if (s.n < 8 || s.n != 8 + 2u * (s.p[0] * 256u + s.p[1]) || (s.p[4] & ~0x40) || s.p[5])
		return false;
	for (size_t i = 8; i < s.n; i += 2)
		if (s.p[i] * 256u + s.p[i + 1] > 9999)
			return false;
	return true;
}

static bool is_legal_text(uint32_t oid, int32_t modifier, struct qw_bytes s)
{
	switch (oid) {
	case 16:
		return s.n == 1 && (s.p[0] == 't' || s.p[0] == 'f');
	case 20:
		return is_int(s, INT64_MIN, INT64_MAX);
	case 21:
		return is_int(s, INT16_MIN, INT16_MAX);
	case 23:
		return is_int(s, INT32_MIN, INT32_MAX);
	case 26:
		return is_int(s, 0, UINT32_MAX);
	case 700:
	case 701:
	case 1700:
		return is_decimal(s);
	case 1082:
	case 1114:
	case 1184:
		return is_date(s);
	case 17:
		return s.n >= 2 && s.p[0] == '\\' && s.p[1] == 'x' && s.n % 2 == 0;
	case 18:
		return s.n <= 1;
	case 2950:
		return s.n == 36 && s.p[8] == '-' && s.p[23] == '-';
	case 3802:
	case 114:
		return s.n >= 2;
	case 1042:
	case 1043:
		return modifier <= 4 || s.n <= (size_t)(modifier - 4) * 4;
	default:
		return true;
	}
}

static bool is_legal_binary(uint32_t oid, int32_t modifier, struct qw_bytes s)
{
	switch (oid) {
	case 16:
		return s.n == 1 && s.p[0] <= 1;
	case 21:
		return s.n == 2;
	case 23:
	case 26:
	case 700:
	case 1082:
		return s.n == 4;
	case 20:
	case 701:
	case 790:
	case 1083:
	case 1114:
	case 1184:
		return s.n == 8;
	case 1266:
		return s.n == 12;
	case 1186:
	case 2950:
		return s.n == 16;
	case 1700:
		return is_numeric(s);
	case 3802:
		return s.n >= 3 && s.p[0] == 1;
	case 17:
		return true;
	default:
		return is_legal_text(oid, modifier, s);
	}
}

static uint32_t load(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void check_binary_array(uint32_t element, int32_t modifier, struct qw_bytes s)
{
	size_t at, count = 1;

	QW_ASSERT(s.n >= 12 && load(s.p) <= 6 && load(s.p + 8) == element);
	at = 12 + 8 * (size_t)load(s.p);
	for (size_t i = 12; i < at; i += 8)
		count *= load(s.p + i);
	if (load(s.p) == 0)
		count = 0;
	while (count-- > 0) {
		uint32_t n;

		QW_ASSERT(s.n - at >= 4);
		n = load(s.p + at);
		at += 4;
		if (n == UINT32_MAX)
			continue;
		QW_ASSERT(n <= s.n - at && is_legal_binary(element, modifier, qw_bytes(s.p + at, n)));
		at += n;
	}
	QW_ASSERT(at == s.n);
}

static void check(const struct mask_column *c, uint32_t element, struct qw_bytes s)
{
	if (!element)
		QW_ASSERT(c->format ? is_legal_binary(c->type_oid, c->type_modifier, s) : is_legal_text(c->type_oid, c->type_modifier, s));
	else if (c->format)
		check_binary_array(element, c->type_modifier, s);
	else
		QW_ASSERT(s.n >= 2 && s.p[s.n - 1] == '}');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t steps[] = {1, 7, 10, 1000, MASK_STEP_MAX, 0, UINT64_MAX};
	static const char *const constants[] = {"hidden", "-7", "", "2001-02-03", NULL, "12.50"};
	static struct mask_key *key;
	struct mask_subject subject = {.type_oid = 23, .value = QW_LIT("7")};
	struct mask_spec spec = {0};
	struct mask_column column = {.spec = &spec, .domain = "d", .type_modifier = -1};
	struct qw_buf out, again;
	uint32_t element = 0;
	struct qw_bytes value;
	bool is_null, is_null_too;

	if (size < 4)
		return 0;
	if (!key)
		key = mask_key_new(QW_LIT("a key for tests"));
	spec.kind = (enum mask_kind)(data[0] % (MASK_KIND_COUNT + 1));
	column.format = data[0] >> 7;
	if (data[1] & 0x80) {
		column.type_oid = arrays[data[1] % QW_COUNT(arrays)].array;
		element = arrays[data[1] % QW_COUNT(arrays)].element;
	} else {
		column.type_oid = types[data[1] % QW_COUNT(types)];
	}
	spec.keep_first = data[2] & 7;
	spec.keep_last = data[2] >> 3 & 7;
	spec.has_check_digit = data[2] >> 6 & 1;
	spec.days = (uint16_t)(data[2] * 17);
	spec.subject = data[2] & 0x80 ? "id" : NULL;
	spec.unit = data[2] & 1 ? MASK_UNIT_MONTH : MASK_UNIT_YEAR;
	spec.step = steps[data[3] % QW_COUNT(steps)];
	spec.constant = constants[data[3] % QW_COUNT(constants)];
	if (data[3] & 0x80 && (column.type_oid == 1042 || column.type_oid == 1043))
		column.type_modifier = 4 + data[3] % 64;
	value = qw_bytes(data + 4, size - 4);

	qw_buf_init(&out, 4 << 20);
	qw_buf_init(&again, 4 << 20);
	QW_ASSERT(mask_value_of(&column, &subject, key, value, &out, &is_null) == 0);
	QW_ASSERT(mask_value_of(&column, &subject, key, value, &again, &is_null_too) == 0);
	QW_ASSERT(is_null == is_null_too && qw_bytes_equal(qw_buf_pending(&out), qw_buf_pending(&again)));
	if (is_null)
		QW_ASSERT(out.n == 0);
	else
		check(&column, element, qw_buf_pending(&out));
	(void)mask_recognise(&spec, column.type_oid, column.format, value);
	qw_buf_fini(&again);
	qw_buf_fini(&out);
	return 0;
}
