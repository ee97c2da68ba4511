/*
 * Types of PREPARE's parameters as OIDs: those that every server from 13 on knows by the same
 * number. The server, too, drops the modifiers (typenameTypeId() in PrepareQuery()).
 */
#include "inner.h"

#include "catalog/pg_type_d.h"

struct built_in {
	const char *name;
	Oid type, array;
};

static const struct built_in built_ins[] = {
	{"bit", BITOID, BITARRAYOID},
	{"bool", BOOLOID, BOOLARRAYOID},
	{"box", BOXOID, BOXARRAYOID},
	{"bpchar", BPCHAROID, BPCHARARRAYOID},
	{"bytea", BYTEAOID, BYTEAARRAYOID},
	{"char", CHAROID, CHARARRAYOID},
	{"cidr", CIDROID, CIDRARRAYOID},
	{"circle", CIRCLEOID, CIRCLEARRAYOID},
	{"date", DATEOID, DATEARRAYOID},
	{"daterange", DATERANGEOID, DATERANGEARRAYOID},
	{"float4", FLOAT4OID, FLOAT4ARRAYOID},
	{"float8", FLOAT8OID, FLOAT8ARRAYOID},
	{"inet", INETOID, INETARRAYOID},
	{"int2", INT2OID, INT2ARRAYOID},
	{"int4", INT4OID, INT4ARRAYOID},
	{"int4range", INT4RANGEOID, INT4RANGEARRAYOID},
	{"int8", INT8OID, INT8ARRAYOID},
	{"int8range", INT8RANGEOID, INT8RANGEARRAYOID},
	{"interval", INTERVALOID, INTERVALARRAYOID},
	{"json", JSONOID, JSONARRAYOID},
	{"jsonb", JSONBOID, JSONBARRAYOID},
	{"jsonpath", JSONPATHOID, JSONPATHARRAYOID},
	{"line", LINEOID, LINEARRAYOID},
	{"lseg", LSEGOID, LSEGARRAYOID},
	{"macaddr", MACADDROID, MACADDRARRAYOID},
	{"macaddr8", MACADDR8OID, MACADDR8ARRAYOID},
	{"money", MONEYOID, MONEYARRAYOID},
	{"name", NAMEOID, NAMEARRAYOID},
	{"numeric", NUMERICOID, NUMERICARRAYOID},
	{"numrange", NUMRANGEOID, NUMRANGEARRAYOID},
	{"oid", OIDOID, OIDARRAYOID},
	{"path", PATHOID, PATHARRAYOID},
	{"pg_lsn", PG_LSNOID, PG_LSNARRAYOID},
	{"point", POINTOID, POINTARRAYOID},
	{"polygon", POLYGONOID, POLYGONARRAYOID},
	{"refcursor", REFCURSOROID, REFCURSORARRAYOID},
	{"regclass", REGCLASSOID, REGCLASSARRAYOID},
	{"regtype", REGTYPEOID, REGTYPEARRAYOID},
	{"text", TEXTOID, TEXTARRAYOID},
	{"tid", TIDOID, TIDARRAYOID},
	{"time", TIMEOID, TIMEARRAYOID},
	{"timestamp", TIMESTAMPOID, TIMESTAMPARRAYOID},
	{"timestamptz", TIMESTAMPTZOID, TIMESTAMPTZARRAYOID},
	{"timetz", TIMETZOID, TIMETZARRAYOID},
	{"tsquery", TSQUERYOID, TSQUERYARRAYOID},
	{"tsrange", TSRANGEOID, TSRANGEARRAYOID},
	{"tstzrange", TSTZRANGEOID, TSTZRANGEARRAYOID},
	{"tsvector", TSVECTOROID, TSVECTORARRAYOID},
	{"unknown", UNKNOWNOID, InvalidOid},
	{"uuid", UUIDOID, UUIDARRAYOID},
	{"varbit", VARBITOID, VARBITARRAYOID},
	{"varchar", VARCHAROID, VARCHARARRAYOID},
	{"xid", XIDOID, XIDARRAYOID},
	{"xml", XMLOID, XMLARRAYOID},
};

static Oid oid_of(const TypeName *t)
{
	const char *schema = spg_name_schema(t->names), *name = spg_name_last(t->names);

	if (t->setof || t->pct_type || list_length(t->names) > 2 || !name ||
		(list_length(t->names) == 2 && (!schema || strcmp(schema, "pg_catalog") != 0)))
		return InvalidOid;
	for (size_t i = 0; i < QW_COUNT(built_ins); i++)
		if (strcmp(built_ins[i].name, name) == 0)
			return t->arrayBounds ? built_ins[i].array : built_ins[i].type;
	return InvalidOid;
}

/* Anything else the server refuses, or computes. */
static bool are_constants(const List *typmods)
{
	const ListCell *cell;

	foreach (cell, typmods) {
		const Node *n = lfirst(cell);

		if (!n || !IsA(n, A_Const))
			return false;
	}
	return true;
}

bool spg_inner_types(struct walk *w, const List *types, struct qw_statement *out)
{
	size_t n = (size_t)list_length(types);
	uint32_t *oids = n ? qw_arena_alloc(w->arena, n * sizeof(*oids)) : NULL;

	if (n && !oids)
		w->err = QW_E_NOMEM;
	for (size_t i = 0; oids && i < n; i++) {
		const TypeName *t = list_nth(types, (int)i);

		if (!t || !IsA(t, TypeName) || !are_constants(t->typmods))
			return false;
		oids[i] = oid_of(t);
		if (!OidIsValid(oids[i]))
			return false;
		out->inner_types_bare |= list_length(t->names) == 1;
	}
	out->inner_types = oids;
	out->inner_type_count = oids ? n : 0;
	return true;
}
