/*
 * Calls of the server's functions that make much of little, with what their constant arguments say. Datums are read as a
 * little-endian server keeps them; what does not look like it is unknown.
 */
#include "room.h"

enum { INT8_OID = 20, INT2_OID = 21, INT4_OID = 23, TEXT_OID = 25, NUMERIC_OID = 1700 };
enum { ARGS_MAX = 8, NUMERIC_BASE = 10000 };

/* int8(int4), int8(int2), int4(int2), int4(int8), int2(int8), int2(int4), numeric(int4), numeric(int8), numeric(int2): pg_proc.dat */
static bool is_number_cast(int64_t oid)
{
	static const int64_t casts[] = {481, 754, 313, 480, 714, 314, 1740, 1781, 1782};

	for (size_t i = 0; i < QW_COUNT(casts); i++)
		if (casts[i] == oid)
			return true;
	return false;
}

/* The server does not fold a cast of a constant before it rewrites. */
static const struct qtree_value *without_number_cast(const struct qtree_value *v)
{
	const struct qtree_value *args;
	int64_t oid;

	for (int i = 0; i < ARGS_MAX; i++) {
		v = flow_without_cast(v);
		if (!qtree_is(v, "FUNCEXPR") || !qtree_int(qtree_get(v->node, "funcid"), &oid) || !is_number_cast(oid))
			break;
		args = qtree_get(v->node, "args");
		if (args->kind != QTREE_LIST || args->list.count != 1)
			break;
		v = &args->list.items[0];
	}
	return v;
}

static uint64_t little(struct qw_bytes b, size_t at, size_t n)
{
	uint64_t v = 0;

	for (size_t i = n; i-- > 0;)
		v = v << 8 | b.p[at + i];
	return v;
}

/* Bytes behind the header of a varlena; n == 0: it is none of those that a constant has, or empty. */
static struct qw_bytes varlena(struct qw_bytes d)
{
	if (d.n >= 4 && (d.p[0] & 3) == 0 && little(d, 0, 4) >> 2 == d.n) /* postgres.h, VARSIZE_4B */
		return qw_bytes(d.p + 4, d.n - 4);
	if (d.n >= 1 && (d.p[0] & 1) && d.p[0] >> 1 == d.n) /* VARSIZE_1B */
		return qw_bytes(d.p + 1, d.n - 1);
	return qw_bytes(NULL, 0);
}

/* numeric.c, struct NumericData: digits of base 10000. False: NaN, Infinity, a fraction, or too large. */
static bool numeric(struct qw_bytes d, int64_t *out)
{
	uint16_t head = d.n >= 2 ? (uint16_t)little(d, 0, 2) : 0xC000;
	bool is_short = (head & 0xC000) == 0x8000, is_negative = is_short ? head & 0x2000 : (head & 0xC000) == 0x4000;
	size_t at = is_short ? 2 : 4, count;
	int weight;

	if ((head & 0xC000) == 0xC000 || d.n < at || (d.n - at) % 2)
		return false;
	weight = is_short ? (int)(head & 0x3F) - (head & 0x40 ? 64 : 0) : (int16_t)little(d, 2, 2);
	count = (d.n - at) / 2;
	*out = 0;
	if (count == 0)
		return true;
	if (weight < 0 || weight > 3 || count > (size_t)weight + 1)
		return false;
	for (size_t i = 0; i <= (size_t)weight; i++)
		*out = *out * NUMERIC_BASE + (i < count ? (int64_t)little(d, at + 2 * i, 2) : 0);
	*out = is_negative ? -*out : *out;
	return true;
}

static bool integer(int64_t type, struct qw_bytes d, int64_t *out)
{
	if (d.n != 8)
		return false;
	*out = type == INT2_OID ? (int16_t)little(d, 0, 2) : type == INT4_OID ? (int32_t)little(d, 0, 4) : (int64_t)little(d, 0, 8);
	return true;
}

static struct limits_argument argument(const struct qtree_value *v)
{
	struct limits_argument a = {.kind = LIMITS_ARG_UNKNOWN};
	const struct qtree_value *value;
	int64_t type;
	bool is_null;

	v = without_number_cast(v);
	if (!qtree_is(v, "CONST") || !qtree_bool(qtree_get(v->node, "constisnull"), &is_null) ||
		!qtree_int(qtree_get(v->node, "consttype"), &type))
		return a;
	if (is_null) {
		a.kind = LIMITS_ARG_NULL;
		return a;
	}
	value = qtree_get(v->node, "constvalue");
	if (value->kind != QTREE_DATUM)
		return a;
	if (type == TEXT_OID) {
		a.number = (int64_t)varlena(value->datum).n;
		a.kind = LIMITS_ARG_TEXT;
	} else if (type == INT2_OID || type == INT4_OID || type == INT8_OID) {
		if (integer(type, value->datum, &a.number))
			a.kind = LIMITS_ARG_NUMBER;
	} else if (type == NUMERIC_OID && numeric(varlena(value->datum), &a.number)) {
		a.kind = LIMITS_ARG_NUMBER;
	}
	return a;
}

static bool makes_much(const char *name)
{
	return strcmp(name, "generate_series") == 0 || strcmp(name, "repeat") == 0 || strcmp(name, "lpad") == 0 ||
	       strcmp(name, "rpad") == 0;
}

int flow_cost(struct flow *f, uint32_t oid, const struct qtree_value *args)
{
	struct flow_call call = {0};
	struct limits_argument *list;
	const char *schema;

	if (oid >= FLOW_USER_OID_MIN || args->kind != QTREE_LIST || args->list.count > ARGS_MAX ||
		!f->world->function(f->world->ctx, oid, &schema, &call.name) || !makes_much(call.name))
		return 0;
	list = qw_arena_alloc(f->arena, (args->list.count + 1) * sizeof(*list));
	if (!list)
		return QW_E_NOMEM;
	for (size_t i = 0; i < args->list.count; i++)
		list[i] = argument(&args->list.items[i]);
	call.args = list;
	call.arg_count = args->list.count;
	return flow_add_call(f, &call);
}
