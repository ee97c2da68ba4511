/* SET: which variable, which value, and what of that would change how the server reads the next text. */
#include "run.h"

#include <strings.h>

/* Scopes that reach beyond the session. */
static bool is_global(const struct myparse *p, size_t more)
{
	return myparse_is_word(p, more, MYW_GLOBAL) ||
	       (!p->is_maria && (myparse_is_word(p, more, MYW_PERSIST) || myparse_is_word(p, more, MYW_PERSIST_ONLY)));
}

static bool is_scope(const struct myparse *p, size_t more)
{
	return is_global(p, more) || myparse_is_word(p, more, MYW_SESSION) || myparse_is_word(p, more, MYW_LOCAL);
}

/* A name before "." is no keyword to the lexer. */
static bool is_scope_spelled(const struct myparse *p)
{
	static const char *const scopes[] = {"GLOBAL", "SESSION", "LOCAL", "PERSIST", "PERSIST_ONLY"};

	for (size_t i = 0; i < QW_COUNT(scopes); i++)
		if (myparse_is_spelled(p, 0, scopes[i]))
			return true;
	return false;
}

static const char *lower(struct rules_run *r, const char *name)
{
	char *copy = name ? myparse_copy(r->p, qw_bytes_from(name)) : NULL;

	for (char *c = copy; c && *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + ('a' - 'A'));
	return copy;
}

/*
 * [GLOBAL|SESSION|LOCAL] name, @@[scope.]name, name of two parts. Leaves the act's verb in r->found as a SET without value, which
 * set_value completes: the two always follow one another.
 */
bool rules_call_setting(struct rules_run *r)
{
	bool global = false, marked = myparse_take_op(r->p, MYLEX_OP_ATAT);
	const char *first, *second = NULL;
	struct rules_found found = {.act = {.kind = QW_OBJECT_SETTING, .kind_name = "setting"}};

	if (is_scope(r->p, 0) && (!marked || myparse_is_op(r->p, 1, '.'))) {
		global = is_global(r->p, 0);
		r->p->at++;
		if (marked && !myparse_take_op(r->p, '.'))
			return false;
	}
	if (!myparse_is_name(r->p, 0) && !(myparse_is_word(r->p, 0, MYW_DEFAULT) && myparse_is_op(r->p, 1, '.')))
		return false;
	if (!r->p->is_maria && (is_scope(r->p, 0) || (myparse_is_op(r->p, 1, '.') && is_scope_spelled(r->p))))
		return false;
	first = myparse_take_word(r->p, MYW_DEFAULT) ? "default" : lower(r, myparse_name(r->p));
	if (myparse_take_op(r->p, '.'))
		second = myparse_is_name(r->p, 0) ? lower(r, myparse_name(r->p)) : NULL;
	else
		second = first, first = NULL;
	if (!second)
		return false;
	found.act.verb = global ? QW_VERB_ALTER_SYSTEM : QW_VERB_SET;
	found.act.schema = first;
	found.act.name = second;
	return rules_put(r, &found);
}

/* ---- what may not change ---- */

static bool is_among(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(s, list[i]) == 0)
			return true;
	return false;
}

static bool is_safe_charset(const struct mysql_dialect *d, const char *value)
{
	static const char *const safe[] = {"utf8mb4", "utf8mb3", "utf8"};

	return d->charset == MYSQL_CHARSET_UTF8 && value && is_among(value, safe, QW_COUNT(safe));
}

/* A list of modes of which none changes how text is read. */
static bool is_safe_modes(const char *value)
{
	static const char *const safe[] = {"", "ALLOW_INVALID_DATES", "ERROR_FOR_DIVISION_BY_ZERO", "NO_AUTO_CREATE_USER",
		"NO_AUTO_VALUE_ON_ZERO", "NO_DIR_IN_CREATE", "NO_ENGINE_SUBSTITUTION", "NO_UNSIGNED_SUBTRACTION", "NO_ZERO_DATE",
		"NO_ZERO_IN_DATE", "ONLY_FULL_GROUP_BY", "PAD_CHAR_TO_FULL_LENGTH", "REAL_AS_FLOAT", "STRICT_ALL_TABLES",
		"STRICT_TRANS_TABLES", "TRADITIONAL", "TIME_ROUND_FRACTIONAL", "TIME_TRUNCATE_FRACTIONAL"};
	char word[64];

	while (value) {
		size_t n = strcspn(value, ",");

		if (n >= sizeof(word))
			return false;
		memcpy(word, value, n);
		word[n] = '\0';
		if (!is_among(word, safe, QW_COUNT(safe)))
			return false;
		if (!value[n])
			return true;
		value += n + 1;
	}
	return false;
}

/* The gateway reads text as utf8mb4 under modes that it knows, and learns of changes by tracking: whatever would blind it. */
static bool changes_reading(const struct mysql_dialect *d, const char *name, const char *value)
{
	static const char *const pinned[] = {
		"character_set_connection", "collation_connection", "character_set_client", "character_set_results"};
	static const char *const tracked[] = {"session_track_system_variables", "session_track_schema",
		"session_track_state_change", "session_track_transaction_info", "session_track_gtids", "pseudo_thread_id",
		"pseudo_slave_mode", "pseudo_replica_mode", "character_set_database", "collation_database",
		"character_set_server", "collation_server", "character_set_filesystem", "old_mode", "debug", "debug_dbug",
		"debug_sync"};

	if (strcmp(name, "sql_mode") == 0)
		return d->modes != 0 || !is_safe_modes(value);
	if (strcmp(name, "collation_connection") == 0)
		return !value || strncasecmp(value, "utf8", 4) != 0;
	if (is_among(name, pinned, QW_COUNT(pinned)))
		return !is_safe_charset(d, value);
	return is_among(name, tracked, QW_COUNT(tracked));
}

static bool changes_transaction(const char *name)
{
	static const char *const settings[] = {"transaction_isolation", "tx_isolation"};

	return is_among(name, settings, QW_COUNT(settings));
}

/* `value`: what decides, which may be less than the whole value. */
static enum qw_verb verb_of(const struct rules_run *r, const struct qw_act *act, const char *value)
{
	if (act->verb != QW_VERB_SET)
		return act->verb;
	if (changes_reading(r->p->dialect, act->name, value))
		return QW_VERB_SET_PINNED;
	return changes_transaction(act->name) ? QW_VERB_TX_SET : QW_VERB_SET;
}

/* ---- values ---- */

static bool ends_value(const struct myparse *p, size_t more)
{
	return myparse_is_op(p, more, ',') || myparse_is_word(p, more, MYW_FOR) || myparse_peek(p, more)->kind == MYLEX_END ||
	       myparse_is_op(p, more, ';');
}

/* One token that is a value by itself: a string, a number, a name, ON ...; NULL for all others. */
static const char *plain_value(struct rules_run *r)
{
	const struct mylex_token *t = myparse_peek(r->p, 0);
	struct qw_bytes value = myparse_spelling(r->p, r->p->at, r->p->at + 1);

	switch ((enum mylex_kind)t->kind) {
	case MYLEX_STRING:
	case MYLEX_IDENT:
	case MYLEX_QUOTED:
		r->p->err = mylex_value(r->p->lex, t, r->p->dialect, r->p->arena, &value);
		return r->p->err || memchr(value.p, 0, value.n) ? NULL : myparse_copy(r->p, value);
	case MYLEX_WORD:
	case MYLEX_INT:
	case MYLEX_DECIMAL:
	case MYLEX_FLOAT:
		return myparse_copy(r->p, value);
	case MYLEX_END:
	case MYLEX_NSTRING:
	case MYLEX_INTRODUCER:
	case MYLEX_HEX:
	case MYLEX_BIN:
	case MYLEX_HOST:
	case MYLEX_OP:
		return NULL;
	}
	return NULL;
}

static bool is_value_word(const struct myparse *p)
{
	static const int words[] = {MYW_DEFAULT, MYW_ON, MYW_ALL, MYW_BINARY, MYW_ROW, MYW_SYSTEM};

	for (size_t i = 0; i < QW_COUNT(words); i++)
		if (myparse_is_word(p, 0, words[i]))
			return ends_value(p, 1);
	return false;
}

/* What drivers do: CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES'). The text that is added; NULL for all else. */
static const char *added_modes(struct rules_run *r)
{
	const struct myparse *p = r->p;
	struct qw_bytes added;

	if (!myparse_is_spelled(p, 0, "CONCAT") || !myparse_is_op(p, 1, '(') || !myparse_is_op(p, 2, MYLEX_OP_ATAT) ||
		!myparse_is_spelled(p, 3, "SQL_MODE") || !myparse_is_op(p, 4, ',') || !myparse_is_kind(p, 5, MYLEX_STRING) ||
		!myparse_is_op(p, 6, ')') || !ends_value(p, 7))
		return NULL;
	r->p->err = mylex_value(p->lex, myparse_peek(p, 5), p->dialect, p->arena, &added);
	if (r->p->err || added.n == 0 || added.p[0] != ',' || memchr(added.p, 0, added.n))
		return NULL;
	return myparse_copy(r->p, qw_bytes(added.p + 1, added.n - 1));
}

/* The value of the setting that was just read. */
bool rules_call_set_value(struct rules_run *r)
{
	size_t setting = r->count - 1; /* found: the rules read a setting before its value */
	const char *value = ends_value(r->p, 1) ? plain_value(r) : NULL;
	const char *added = strcmp(r->found[setting].act.name, "sql_mode") == 0 ? added_modes(r) : NULL;

	if (rules_is_over(r))
		return false;
	if (is_value_word(r->p)) {
		value = myparse_is_word(r->p, 0, MYW_DEFAULT) ? NULL : value;
		r->p->at++;
	} else if (!rules_call_expr(r)) {
		return false;
	}
	r->found[setting].act.value = value;
	r->found[setting].act.verb = verb_of(r, &r->found[setting].act, added ? added : value);
	return true;
}

/* NAMES x, CHARACTER SET x: sets three variables; the act names them as the statement does. */
bool rules_call_set_names(struct rules_run *r)
{
	const char *value = myparse_is_word(r->p, 0, MYW_DEFAULT) ? NULL : plain_value(r);
	bool is_known =
		myparse_take_word(r->p, MYW_DEFAULT) || myparse_take_word(r->p, MYW_BINARY) || rules_call_text_or_ident(r);

	return is_known &&
	       rules_put(r, &(struct rules_found){.act = {.verb = is_safe_charset(r->p->dialect, value) ? QW_VERB_SET : QW_VERB_SET_PINNED,
							  .kind = QW_OBJECT_SETTING,
							  .kind_name = "setting",
							  .name = "names",
							  .value = value}});
}
