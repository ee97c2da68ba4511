/* SET, RESET, SHOW and set_config(): what changes settings, and which changes would blind the
 * gateway's own lexer. */
#include "facts.h"
#include "handlers.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

/* Setting names are case-insensitive in ASCII, also when quoted (guc.c, guc_name_compare). */
static const char *setting_name(struct walk *w, const char *s)
{
	static const struct {
		const char *old, *now;
	} renamed[] = {{"sort_mem", "work_mem"}, {"vacuum_mem", "maintenance_work_mem"}};
	char *name = qw_arena_strdup(w->arena, qw_bytes_from(s));

	if (!name) {
		w->err = QW_E_NOMEM;
		return NULL;
	}
	for (char *p = name; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + ('a' - 'A'));
	for (size_t i = 0; i < QW_COUNT(renamed); i++)
		if (strcmp(name, renamed[i].old) == 0)
			return renamed[i].now;
	return name;
}

/* ---- what may not change ---- */

/* encnames.c: names are compared without case and punctuation. */
bool spg_setting_is_utf8(const char *value)
{
	char clean[16];
	size_t n = 0;

	for (; *value; value++) {
		if (!isalnum((unsigned char)*value))
			continue;
		if (n + 1 == sizeof(clean))
			return false;
		clean[n++] = (char)tolower((unsigned char)*value);
	}
	clean[n] = '\0';
	return strcmp(clean, "utf8") == 0 || strcmp(clean, "unicode") == 0;
}

/* bool.c, parse_bool: unique prefixes, "on" in full. */
static bool is_true_name(const char *value)
{
	size_t n = strlen(value);

	if (n == 0)
		return false;
	return strncasecmp(value, "true", n) == 0 || strncasecmp(value, "yes", n) == 0 ||
	       strcasecmp(value, "on") == 0 || strcmp(value, "1") == 0;
}

/* The gateway reads text as UTF-8 with standard strings: a server that reads it otherwise runs
 * another statement. */
static bool changes_lexing(const char *name, const char *value)
{
	if (!name)
		return false;
	if (strcmp(name, "client_encoding") == 0)
		return !value || !spg_setting_is_utf8(value);
	if (strcmp(name, "standard_conforming_strings") == 0)
		return !value || !is_true_name(value);
	if (strcmp(name, "backslash_quote") == 0)
		return !value || strcasecmp(value, "safe_encoding") != 0;
	return false;
}

static bool changes_role(const char *name)
{
	return name && (strcmp(name, "role") == 0 || strcmp(name, "session_authorization") == 0);
}

static void setting_act(
	struct walk *w, const char *name, const char *value, bool is_local, bool is_reset)
{
	enum qw_verb verb = QW_VERB_SET;

	if (changes_role(name))
		verb = QW_VERB_SET_ROLE;
	else if (!is_reset && changes_lexing(name, value))
		verb = QW_VERB_SET_PINNED;
	spg_facts_act(w, &(struct qw_act){.verb = verb,
				 .kind = QW_OBJECT_SETTING,
				 .kind_name = "setting",
				 .name = name,
				 .value = value,
				 .is_local = is_local});
}

/* ---- values ---- */

/* Text of a constant; NULL for anything else, also for NULL itself. */
static const char *const_text(struct walk *w, const Node *n)
{
	const A_Const *c = (const A_Const *)(const void *)n;
	char *text;

	if (!n || !IsA(n, A_Const) || c->isnull)
		return NULL;
	switch ((int)nodeTag(&c->val)) {
	case T_String:
		return c->val.sval.sval;
	case T_Float:
		return c->val.fval.fval;
	case T_Boolean:
		return c->val.boolval.boolval ? "true" : "false";
	case T_Integer:
		text = qw_arena_printf(w->arena, "%d", c->val.ival.ival);
		if (!text)
			w->err = QW_E_NOMEM;
		return text;
	}
	return NULL;
}

static bool is_plain_name(const char *s)
{
	if (!(*s >= 'a' && *s <= 'z') && *s != '_')
		return false;
	for (; *s; s++)
		if (!(*s >= 'a' && *s <= 'z') && !(*s >= '0' && *s <= '9') && *s != '_' &&
			*s != '$')
			return false;
	return true;
}

/* These hold lists of identifiers: SET quotes what needs it (guc.c, GUC_LIST_QUOTE). */
static bool is_name_list(const char *name)
{
	static const char *const lists[] = {"search_path", "temp_tablespaces",
		"local_preload_libraries", "session_preload_libraries"};

	for (size_t i = 0; i < QW_COUNT(lists); i++)
		if (strcmp(name, lists[i]) == 0)
			return true;
	return false;
}

/* As quote_identifier() does: a name can hold quotes and commas of its own. */
static const char *quoted(struct walk *w, const char *name)
{
	size_t at = 0;
	char *text;

	if (is_plain_name(name))
		return name;
	text = qw_arena_alloc(w->arena, 2 * strlen(name) + 3);
	if (!text) {
		w->err = QW_E_NOMEM;
		return NULL;
	}
	text[at++] = '"';
	for (; *name; name++) {
		if (*name == '"')
			text[at++] = '"';
		text[at++] = *name;
	}
	text[at] = '"';
	return text;
}

static const char *join(struct walk *w, const char *so_far, const char *next)
{
	char *text;

	if (!so_far || !next)
		return next;
	text = qw_arena_printf(w->arena, "%s, %s", so_far, next);
	if (!text)
		w->err = QW_E_NOMEM;
	return text;
}

static const char *set_value(struct walk *w, const VariableSetStmt *s, const char *name)
{
	const char *value = NULL;
	const ListCell *cell;

	if (list_length(s->args) > 100)
		return NULL;
	foreach (cell, s->args) {
		const char *part = const_text(w, lfirst(cell));

		if (!part)
			return NULL;
		value = join(w, value, is_name_list(name) ? quoted(w, part) : part);
		if (!value)
			return NULL;
	}
	return value;
}

/* ---- statements ---- */

/* Options of BEGIN and SET TRANSACTION; the grammar writes flags as 0 and 1. */
void spg_setting_of_transaction(struct walk *w, const List *options)
{
	const ListCell *cell;

	foreach (cell, options) {
		const Node *n = lfirst(cell);
		const DefElem *option = (const DefElem *)(const void *)n;
		const A_Const *c;
		const char *value;

		if (!n || !IsA(n, DefElem))
			continue;
		c = (const A_Const *)(const void *)option->arg;
		if (c && IsA(c, A_Const) && IsA(&c->val, Integer))
			value = c->val.ival.ival ? "on" : "off";
		else
			value = const_text(w, option->arg);
		spg_facts_act(w, &(struct qw_act){.verb = QW_VERB_TX_SET,
					 .kind = QW_OBJECT_SETTING,
					 .kind_name = "setting",
					 .name = option->defname,
					 .value = value});
	}
}

void spg_on_variable_set(struct walk *w, const struct frame *f)
{
	const VariableSetStmt *s = f->node;
	const char *name = s->name ? setting_name(w, s->name) : NULL;

	if (w->err)
		return;
	switch (s->kind) {
	case VAR_SET_VALUE:
		setting_act(w, name, set_value(w, s, name ? name : ""), s->is_local, false);
		break;
	case VAR_SET_CURRENT: /* whatever is in force, which is pinned */
	case VAR_SET_DEFAULT:
	case VAR_RESET:
		setting_act(w, name, NULL, s->is_local, true);
		break;
	case VAR_SET_MULTI:
		spg_facts_bare(w, QW_VERB_TX_SET, "transaction", NULL);
		spg_setting_of_transaction(w, s->args);
		break;
	case VAR_RESET_ALL:
		spg_facts_bare(w, QW_VERB_RESET_ALL, "setting", NULL);
		break;
	default:
		spg_walk_refuse(w, "the gateway does not know this form of SET");
	}
	spg_walk_children(w, f, f->ctx, NULL);
}

void spg_on_variable_show(struct walk *w, const struct frame *f)
{
	const VariableShowStmt *s = f->node;

	spg_facts_act(w, &(struct qw_act){.verb = QW_VERB_SHOW,
				 .kind = QW_OBJECT_SETTING,
				 .kind_name = "setting",
				 .name = s->name ? setting_name(w, s->name) : NULL});
}

void spg_on_alter_system(struct walk *w, const struct frame *f)
{
	const AlterSystemStmt *s = f->node;
	const char *name =
		s->setstmt && s->setstmt->name ? setting_name(w, s->setstmt->name) : NULL;

	spg_facts_act(w, &(struct qw_act){.verb = QW_VERB_ALTER_SYSTEM,
				 .kind = QW_OBJECT_SETTING,
				 .kind_name = "setting",
				 .name = name});
	spg_walk_children(w, f, f->ctx, NULL);
}

/* ---- set_config(name, value, is_local) ---- */

/*
 * Bare true and false are casts of a Boolean to pg_catalog.bool. Any other cast can change the
 * text, also to "text": search_path decides whose type that is.
 */
static const Node *without_cast(const Node *n)
{
	const TypeCast *cast = (const TypeCast *)(const void *)n;
	const char *type, *schema;

	if (!n || !IsA(n, TypeCast) || cast->typeName->typmods || cast->typeName->arrayBounds)
		return n;
	type = spg_name_last(cast->typeName->names);
	schema = spg_name_schema(cast->typeName->names);
	if (!type || !schema || strcmp(schema, "pg_catalog") != 0)
		return n;
	return strcmp(type, "text") == 0 || strcmp(type, "bool") == 0 ? cast->arg : n;
}

static const Node *argument(const FuncCall *call, int position, const char *name)
{
	const ListCell *cell;
	int at = 0;

	foreach (cell, call->args) {
		const Node *n = lfirst(cell);
		const NamedArgExpr *named = (const NamedArgExpr *)(const void *)n;

		if (n && IsA(n, NamedArgExpr) ? strcmp(named->name, name) == 0 : at == position)
			return without_cast(
				n && IsA(n, NamedArgExpr) ? (const Node *)named->arg : n);
		at++;
	}
	return NULL;
}

static bool is_null_const(const Node *n)
{
	return n && IsA(n, A_Const) && ((const A_Const *)(const void *)n)->isnull;
}

void spg_setting_of_call(struct walk *w, const FuncCall *call)
{
	const char *function = spg_name_last(call->funcname),
		   *schema = spg_name_schema(call->funcname), *name, *local;
	const Node *value;

	if (!function || strcmp(function, "set_config") != 0 ||
		(schema && strcmp(schema, "pg_catalog") != 0))
		return;
	name = call->func_variadic ? NULL : const_text(w, argument(call, 0, "setting_name"));
	value = argument(call, 1, "new_value");
	local = const_text(w, argument(call, 2, "is_local"));
	if (!name) /* it may be any setting, also one that is pinned */
		spg_facts_act(w, &(struct qw_act){.verb = QW_VERB_SET_PINNED,
					 .kind = QW_OBJECT_SETTING,
					 .kind_name = "setting"});
	setting_act(w, name ? setting_name(w, name) : NULL, const_text(w, value),
		local && is_true_name(local), is_null_const(value));
}
