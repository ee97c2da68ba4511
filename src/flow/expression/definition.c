/*
 * Definitions of the server's catalogs may hold data that no label covers. They may be shown, as they are or put together with
 * other texts: the literals in them are hidden on their way. Nothing may depend on them; what is cut out of one, or says
 * something about one, would tell what is hidden.
 */
#include "../room.h"

#include "nodes.h"

enum { OID_TEXT = 25, OID_TEXT_ARRAY = 1009, OID_BPCHAR_ARRAY = 1014, OID_VARCHAR_ARRAY = 1015, OID_BPCHAR = 1042, OID_VARCHAR = 1043 };

/* What shows all of a text in one piece; of PostgreSQL's own (pg_proc.dat). Keys of JSON objects are sorted and compared. */
static const char *const keepers[] = {"anytextcat", "array_agg", "array_append", "array_cat", "array_prepend", "array_to_json",
	"array_to_string", "concat", "concat_ws", "format", "json_agg", "json_build_array", "json_build_object", "jsonb_agg",
	"jsonb_build_array", "pg_get_expr", "pg_options_to_table", "quote_ident", "quote_literal", "row_to_json", "string_agg",
	"textanycat", "textcat", "to_json", "to_jsonb", "unnest"};
/* Of these a definition comes out as it was. */
static const char *const bare[] = {"pg_get_expr", "pg_options_to_table", "unnest"};
/* Nodes that hand on what is in them. */
static const char *const frames[] = {"ARRAYEXPR", "CASEEXPR", "CASEWHEN", "COALESCEEXPR", "COLLATEEXPR", "FIELDSELECT", "NAMEDARGEXPR",
	"RANGETBLFUNCTION", "ROWEXPR", "SUBLINK", "SUBSCRIPTINGREF", "TARGETENTRY", "VAR"};

/* What clients ask of definitions that no data decide: is it the default partition, is it a serial? */
static const char *const questions[] = {"texteq", "textne", "textlike", "textnlike", "texticlike", "texticnlike", "textregexeq",
	"textregexne", "texticregexeq", "texticregexne"};
static const char *const words[] = {"DEFAULT", "nextval"};

static bool is_one_of(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

bool column_is_guarded(const struct column *c)
{
	return c->label.kind == LABEL_PLAIN && c->label.is_guarded;
}

void definition_seen(struct flow *f, const struct column *c)
{
	f->definition.is_seen |= column_is_guarded(c);
	f->definition.is_composed |= column_is_guarded(c) && c->is_composed;
}

static int refuse(struct flow *f, const char *object, const struct use *use)
{
	return flow_refuse(f, "flow.definition", object,
		qw_arena_printf(f->arena, "definitions in which data may stand would be compared or taken apart in %s%s%s", use->clause,
			use->as ? ", as " : "", use->as ? use->as : ""));
}

int definition_refuse_column(struct flow *f, const struct column *c, const struct use *use)
{
	const char *relation = c->relation_oid ? flow_relation_name(f, c->relation_oid) : "query";

	if (!relation)
		return QW_E_NOMEM;
	return refuse(f, c->name ? qw_arena_printf(f->arena, "%s.%s", relation, c->name) : relation, use);
}

int definition_unused(struct flow *f, const struct columns *columns, const struct use *use)
{
	for (size_t i = 0; i < columns->count; i++)
		if (column_is_guarded(&columns->items[i]))
			return definition_refuse_column(f, &columns->items[i], use);
	return 0;
}

int flow_question(struct flow *f, struct scope *s, const struct qtree_value *v, const struct use *use)
{
	struct definition outer = f->definition;
	int rc;

	f->definition = (struct definition){0};
	rc = flow_used(f, s, v, use);
	if (rc == 0 && f->definition.is_seen)
		rc = refuse(f, "query", use);
	f->definition = outer;
	return rc;
}

/* ---- nodes with a definition in them ---- */

static uint32_t called(struct flow *f, const struct qtree_node *n, const char *type)
{
	const char *field = strcmp(type, "FUNCEXPR") == 0 ? "funcid" : strcmp(type, "AGGREF") == 0 ? "aggfnoid" :
		strcmp(type, "OPEXPR") == 0 ? "opno" : NULL;
	int64_t oid;

	if (!field || !qtree_int(qtree_get(n, field), &oid) || oid <= 0 || oid > UINT32_MAX)
		return 0;
	return strcmp(type, "OPEXPR") == 0 ? f->world->operator_function(f->world->ctx, (uint32_t)oid) : (uint32_t)oid;
}

static const char *called_name(struct flow *f, uint32_t oid)
{
	const char *schema, *name;

	return oid && f->world->function(f->world->ctx, oid, &schema, &name) && strcmp(schema, "pg_catalog") == 0 ? name : "";
}

static bool is_cast_to_text(const struct qtree_node *n)
{
	static const uint32_t texts[] = {OID_TEXT, OID_BPCHAR, OID_VARCHAR, OID_TEXT_ARRAY, OID_BPCHAR_ARRAY, OID_VARCHAR_ARRAY};
	int64_t type;

	if (!qtree_int(qtree_get(n, "resulttype"), &type))
		return false;
	for (size_t i = 0; i < QW_COUNT(texts); i++)
		if (type == texts[i])
			return true;
	return false;
}

/* An argument of an aggregate that its DISTINCT or ORDER BY names. */
static bool is_ordered_by(const struct qtree_node *n, const char *type)
{
	int64_t ref;

	return strcmp(type, "TARGETENTRY") == 0 && (!qtree_int(qtree_get(n, "ressortgroupref"), &ref) || ref != 0);
}

static bool keeps(struct flow *f, const struct qtree_node *n, const char *type)
{
	if (is_ordered_by(n, type))
		return false;
	if (strcmp(type, "RELABELTYPE") == 0 || strcmp(type, "COERCEVIAIO") == 0 || strcmp(type, "ARRAYCOERCEEXPR") == 0)
		return is_cast_to_text(n);
	return is_one_of(type, frames, QW_COUNT(frames)) ||
		is_one_of(called_name(f, called(f, n, type)), keepers, QW_COUNT(keepers));
}

/* The text of the second of two arguments, a constant; false: it is none. */
static bool second_text(const struct qtree_node *n, struct qw_bytes *out)
{
	enum { HEADER_BYTES = 4 }; /* of a varlena */
	const struct qtree_value *args = qtree_get(n, "args"), *value;
	int64_t type;

	if (args->kind != QTREE_LIST || args->list.count != 2 || !qtree_is(&args->list.items[1], "CONST"))
		return false;
	value = qtree_get(args->list.items[1].node, "constvalue");
	if (!qtree_int(qtree_get(args->list.items[1].node, "consttype"), &type) || type != OID_TEXT || value->kind != QTREE_DATUM ||
		value->datum.n < HEADER_BYTES)
		return false;
	*out = qw_bytes(value->datum.p + HEADER_BYTES, value->datum.n - HEADER_BYTES);
	return true;
}

/* pg_get_expr(...) ~* 'nextval', LIKE 'nextval(%', = 'DEFAULT' */
static bool is_harmless_question(const struct qtree_node *n, const char *name)
{
	struct qw_bytes text;

	if (!is_one_of(name, questions, QW_COUNT(questions)) || !second_text(n, &text))
		return false;
	while (text.n && strchr("%^", text.p[0]))
		text = qw_bytes(text.p + 1, text.n - 1);
	while (text.n && strchr("%(", text.p[text.n - 1]))
		text.n--;
	for (size_t i = 0; i < QW_COUNT(words); i++)
		if (qw_bytes_equal(text, qw_bytes_from(words[i])))
			return true;
	return false;
}

/* trim(both '"' from pg_get_indexdef(...)), trim(trailing ';' from pg_get_ruledef(...)): no literal begins or ends with these */
static bool is_trimming(const struct qtree_node *n, const char *name)
{
	static const char *const trims[] = {"btrim", "ltrim", "rtrim"};
	struct qw_bytes text;

	return is_one_of(name, trims, QW_COUNT(trims)) && second_text(n, &text) && text.n == 1 && strchr("\";", text.p[0]);
}

/* A view of the server's own does what it does; what it makes of definitions still is one. */
static int judge_seen(struct flow *f, const struct qtree_node *n, const char *type, const struct use *use)
{
	const struct node_type *known = node_type_find(type);
	const char *name = called_name(f, called(f, n, type));
	struct use inside = *use;

	if (strcmp(type, "NULLTEST") == 0 || strcmp(name, "count") == 0 || /* that there is one is no secret */
		is_harmless_question(n, name)) {
		f->definition = (struct definition){0};
		return 0;
	}
	f->definition.is_composed |= strcmp(type, "ARRAYEXPR") == 0 || strcmp(type, "ROWEXPR") == 0 ||
		(*name && !is_one_of(name, bare, QW_COUNT(bare)));
	if (f->is_in_server_view || keeps(f, n, type) || is_trimming(n, name))
		return 0;
	inside.as = known && known->as ? known->as : use->as;
	return refuse(f, *name ? name : "query", &inside);
}

int definition_judge(struct flow *f, const struct qtree_node *n, const struct use *use)
{
	const char *type = shape_type(n);
	uint32_t oid = strcmp(type, "FUNCEXPR") == 0 ? called(f, n, type) : 0;

	if (oid && f->world->function_is_guarded(f->world->ctx, oid)) {
		f->definition.is_seen = true;
		return 0;
	}
	return f->definition.is_seen ? judge_seen(f, n, type, use) : 0;
}
