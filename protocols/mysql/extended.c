/*
 * COM_STMT_EXECUTE, for links without QUERY_ATTRIBUTES, and values as the binary protocol has them.
 * Types are sent when they are new; parameters that came by COM_STMT_SEND_LONG_DATA have no value.
 */
#include "internal.h"

enum { ITERATIONS = 1, CURSOR_READ_ONLY = 1 };

int mywire_type_form(uint8_t type)
{
	switch (type) {
	case MYWIRE_TYPE_NULL:
		return 0;
	case MYWIRE_TYPE_TINY:
		return 1;
	case MYWIRE_TYPE_SHORT:
	case MYWIRE_TYPE_YEAR:
		return 2;
	case MYWIRE_TYPE_LONG:
	case MYWIRE_TYPE_INT24:
	case MYWIRE_TYPE_FLOAT:
		return 4;
	case MYWIRE_TYPE_LONGLONG:
	case MYWIRE_TYPE_DOUBLE:
		return 8;
	case MYWIRE_TYPE_DATE:
	case MYWIRE_TYPE_DATETIME:
	case MYWIRE_TYPE_TIMESTAMP:
	case MYWIRE_TYPE_TIME:
		return MYWIRE_FORM_TEMPORAL;
	case MYWIRE_TYPE_DECIMAL:
	case MYWIRE_TYPE_NEWDECIMAL:
	case MYWIRE_TYPE_VARCHAR:
	case MYWIRE_TYPE_BIT:
	case MYWIRE_TYPE_ENUM:
	case MYWIRE_TYPE_SET:
	case MYWIRE_TYPE_TINY_BLOB:
	case MYWIRE_TYPE_MEDIUM_BLOB:
	case MYWIRE_TYPE_LONG_BLOB:
	case MYWIRE_TYPE_BLOB:
	case MYWIRE_TYPE_VAR_STRING:
	case MYWIRE_TYPE_STRING:
	case MYWIRE_TYPE_GEOMETRY:
	case MYWIRE_TYPE_JSON:
	case MYWIRE_TYPE_VECTOR:
		return MYWIRE_FORM_LENENC;
	default:
		return MYWIRE_FORM_UNKNOWN;
	}
}

/* A date has no part, the day, the time or microseconds as well. */
static bool temporal_fits(uint8_t type, size_t n)
{
	if (type == MYWIRE_TYPE_TIME)
		return n == 0 || n == 8 || n == 12;
	return n == 0 || n == 4 || n == 7 || n == 11;
}

struct qw_bytes mywire_binary_value(struct cursor *c, uint8_t type)
{
	int form = mywire_type_form(type);
	struct qw_bytes value;

	if (form >= 0 && type != MYWIRE_TYPE_NULL)
		return cur_bytes(c, (size_t)form);
	if (form == MYWIRE_FORM_LENENC)
		return mywire_lenenc_bytes(c);
	if (form == MYWIRE_FORM_TEMPORAL) {
		value = cur_bytes(c, cur_u8(c));
		if (temporal_fits(type, value.n))
			return value;
	}
	cur_fail(c); /* unknown, or NULL's type without NULL */
	return qw_bytes(NULL, 0);
}

/*
 * Both servers read a parameter of any type that they do not expect as a string. MEDIUMINT and YEAR
 * are such: numbers in rows, and no parameter types.
 */
static bool is_parameter_type(uint8_t type)
{
	return mywire_type_form(type) != MYWIRE_FORM_UNKNOWN && type != MYWIRE_TYPE_INT24 &&
	       type != MYWIRE_TYPE_YEAR;
}

static int check_types(struct qw_bytes types)
{
	struct cursor c = cur_from(types);

	while (cur_left(&c)) {
		uint8_t type = cur_u8(&c), sign = cur_u8(&c);

		if (!is_parameter_type(type) || (sign & ~MYWIRE_TYPE_UNSIGNED))
			return QW_E_MALFORMED;
	}
	return 0;
}

/* NULL bits, and types when they are new. */
static int read_layout(
	struct cursor *c, const struct mywire_statement *s, struct mywire_execute *out)
{
	size_t count = s->parameter_count;
	uint8_t has_types;

	out->nulls = cur_bytes(c, (count + 7) / 8);
	has_types = cur_u8(c);
	out->has_types = has_types == 1;
	out->types = out->has_types ? cur_bytes(c, count * MYWIRE_TYPE_BYTES) : s->types;
	if (c->failed || has_types > 1 || out->types.n != count * MYWIRE_TYPE_BYTES)
		return QW_E_MALFORMED;
	return check_types(out->types);
}

/* The mariadb package of npm says whether types follow even where no parameters are. */
static void skip_bound(struct cursor *c)
{
	if (cur_left(c) && cur_u8(c) > 1)
		cur_fail(c);
}

static int check_values(struct mywire_execute e)
{
	struct mywire_value value;
	int err;

	do {
		err = mywire_execute_next(&e, &value);
	} while (!err);
	return err == QW_E_NOTFOUND ? 0 : err;
}

int mywire_execute_decode(
	struct qw_bytes payload, const struct mywire_statement *s, struct mywire_execute *out)
{
	struct cursor c = cur_from(payload);
	uint32_t iterations;
	int err = 0;

	*out = (struct mywire_execute){0};
	if (cur_u8(&c) != MYWIRE_STMT_EXECUTE)
		return QW_E_MALFORMED;
	out->id = (uint32_t)mywire_le(&c, 4);
	out->flags = cur_u8(&c);
	iterations = (uint32_t)mywire_le(&c, 4);
	if (c.failed || iterations != ITERATIONS)
		return QW_E_MALFORMED;
	if (out->flags & ~CURSOR_READ_ONLY)
		return QW_E_UNSUPPORTED;
	out->parameter_count = s->parameter_count;
	out->long_data = s->long_data;
	if (s->parameter_count)
		err = read_layout(&c, s, out);
	else
		skip_bound(&c);
	if (c.failed)
		return QW_E_MALFORMED;
	out->values = cur_rest(&c);
	out->c = cur_from(out->values);
	return err ? err : check_values(*out);
}

static bool is_null(struct qw_bytes nulls, size_t i)
{
	return nulls.p[i / 8] >> i % 8 & 1;
}

int mywire_execute_next(struct mywire_execute *e, struct mywire_value *out)
{
	size_t i = e->next;

	*out = (struct mywire_value){0};
	if (e->next == e->parameter_count)
		return cur_end(&e->c) ? QW_E_MALFORMED : QW_E_NOTFOUND;
	e->next++;
	out->type = e->types.p[i * MYWIRE_TYPE_BYTES];
	out->is_unsigned = e->types.p[i * MYWIRE_TYPE_BYTES + 1] == MYWIRE_TYPE_UNSIGNED;
	out->is_long = e->long_data && e->long_data[i].p;
	out->is_null = !out->is_long && is_null(e->nulls, i);
	if (out->is_long)
		out->value = e->long_data[i];
	else if (!out->is_null)
		out->value = mywire_binary_value(&e->c, out->type);
	return e->c.failed ? QW_E_MALFORMED : 0;
}
