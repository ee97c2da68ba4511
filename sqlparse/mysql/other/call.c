/* Names, texts, numbers: what the rules call for that is no plain word. */
#include "run.h"

#include <strings.h>

bool rules_refuse(struct rules_run *r, const char *why)
{
	if (!r->refused)
		r->refused = why;
	return false;
}

bool rules_name(struct rules_run *r, const char *schema, const char *name)
{
	r->schema = schema;
	r->name = name;
	if (!r->act_name) {
		r->act_schema = schema;
		r->act_name = name;
	}
	return name != NULL;
}

bool rules_put(struct rules_run *r, const struct rules_found *found)
{
	size_t cap = r->cap ? r->cap * 2 : 8;
	struct rules_found *more;

	if (r->count == r->cap) {
		more = myparse_new(r->p, cap * sizeof(*more));
		if (!more)
			return false;
		if (r->count)
			memcpy(more, r->found, r->count * sizeof(*more));
		r->found = more;
		r->cap = cap;
	}
	r->found[r->count++] = *found;
	return true;
}

static bool take_kind(struct rules_run *r, enum mylex_kind kind)
{
	bool is = myparse_is_kind(r->p, 0, kind);

	r->p->at += is;
	return is;
}

/* ---- names ---- */

bool rules_call_ident(struct rules_run *r)
{
	return myparse_is_name(r->p, 0) && rules_name(r, NULL, myparse_name(r->p));
}

/* A name that no keyword is, reserved or not: IDENT_sys. */
bool rules_call_ident_sys(struct rules_run *r)
{
	return !myparse_is_kind(r->p, 0, MYLEX_WORD) && rules_call_ident(r);
}

bool rules_call_qname(struct rules_run *r)
{
	const char *schema = NULL, *name = NULL;

	return (myparse_is_name(r->p, 0) || myparse_is_op(r->p, 0, '.')) && myparse_qualified(r->p, &schema, &name) &&
	       rules_name(r, schema, name);
}

/* A column: c, t.c, s.t.c */
bool rules_call_name3(struct rules_run *r)
{
	for (int i = 0; i < 3; i++) {
		if (!rules_call_ident(r))
			return false;
		if (!myparse_take_op(r->p, '.'))
			return true;
	}
	return false;
}

bool rules_call_end(struct rules_run *r)
{
	return myparse_is_end(r->p);
}

/* MariaDB: only ALTER TABLE takes IF NOT EXISTS before what it adds. */
bool rules_call_altering(struct rules_run *r)
{
	const struct mylex_token *first = &r->p->lex->tokens[r->from];

	return r->p->is_maria && first->kind == MYLEX_WORD && first->code == MYW_ALTER;
}

/* The name of the host, or of a variable, behind "@". */
static const char *host(struct rules_run *r)
{
	const struct mylex_token *t = myparse_peek(r->p, 0);
	struct qw_bytes value;

	if (t->kind != MYLEX_HOST && t->kind != MYLEX_STRING && t->kind != MYLEX_QUOTED)
		return NULL;
	r->p->err = mylex_value(r->p->lex, t, r->p->dialect, r->p->arena, &value);
	if (r->p->err)
		return NULL;
	r->p->at++;
	return myparse_copy(r->p, value);
}

/* user, user@host: the name of the act is user@host as CURRENT_USER() would spell it. */
bool rules_call_user(struct rules_run *r)
{
	const char *name, *at;

	if (!myparse_is_name(r->p, 0) && !myparse_is_kind(r->p, 0, MYLEX_STRING))
		return false;
	name = myparse_text_name(r->p);
	if (!name)
		return false;
	if (!myparse_take_op(r->p, '@'))
		return rules_name(r, NULL, name);
	at = host(r);
	if (!at)
		return false;
	name = qw_arena_printf(r->p->arena, "%s@%s", name, at);
	if (!name)
		r->p->err = QW_E_NOMEM;
	return rules_name(r, NULL, name);
}

bool rules_call_uservar(struct rules_run *r)
{
	const char *name;

	if (!myparse_take_op(r->p, '@'))
		return false;
	name = host(r);
	return name && *name && rules_name(r, NULL, name);
}

/* ---- texts ---- */

bool rules_call_text_sys(struct rules_run *r)
{
	const char *text;

	return myparse_is_kind(r->p, 0, MYLEX_STRING) && myparse_string(r->p, &text) && rules_name(r, NULL, text);
}

bool rules_call_text(struct rules_run *r)
{
	return rules_call_text_sys(r);
}

bool rules_call_text_or_ident(struct rules_run *r)
{
	return rules_call_text_sys(r) || rules_call_ident(r);
}

bool rules_call_hex(struct rules_run *r)
{
	return take_kind(r, MYLEX_HEX) || take_kind(r, MYLEX_BIN);
}

bool rules_call_text_or_hex(struct rules_run *r)
{
	return rules_call_text_sys(r) || rules_call_hex(r);
}

static bool take_any(struct rules_run *r, const int *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (myparse_take_word(r->p, words[i]))
			return true;
	return false;
}

/* A literal that is no plain number: texts (one behind the other are one), hex, NULL, TRUE, DATE '..'. */
bool rules_call_literal(struct rules_run *r)
{
	static const int constants[] = {MYW_NULL, MYW_TRUE, MYW_FALSE}, temporal[] = {MYW_DATE, MYW_TIME, MYW_TIMESTAMP};
	bool introduced;

	if (take_any(r, constants, QW_COUNT(constants)))
		return true;
	if (myparse_is_kind(r->p, 1, MYLEX_STRING) && take_any(r, temporal, QW_COUNT(temporal)))
		return take_kind(r, MYLEX_STRING);
	introduced = take_kind(r, MYLEX_INTRODUCER);
	if (rules_call_hex(r))
		return true;
	if (!take_kind(r, MYLEX_STRING) && (introduced || !take_kind(r, MYLEX_NSTRING)))
		return false;
	while (take_kind(r, MYLEX_STRING))
		continue;
	return true;
}

/* sp_pcontext.cc, is_sqlstate_valid: five of 0-9 A-Z, not 00... */
bool rules_call_sqlstate(struct rules_run *r)
{
	const char *text;

	if (!myparse_is_kind(r->p, 0, MYLEX_STRING) || !myparse_string(r->p, &text) || strlen(text) != 5)
		return false;
	for (const char *c = text; *c; c++)
		if (!(*c >= '0' && *c <= '9') && !(*c >= 'A' && *c <= 'Z'))
			return false;
	return text[0] != '0' || text[1] != '0';
}

/* xa.cc: at most 64 bytes. */
bool rules_call_xid_part(struct rules_run *r)
{
	if (!rules_call_text_sys(r))
		return rules_call_hex(r) && r->p->lex->tokens[r->p->at - 1].n <= 64;
	return strlen(r->name) <= 64;
}

/* ---- numbers: each as one rule of the servers' grammars takes them ---- */

/* Its value; UINT64_MAX for what is no plain integer, or one too large. */
static uint64_t value_of(const struct rules_run *r)
{
	const struct mylex_token *t = myparse_peek(r->p, 0);
	uint64_t value = 0;

	if (t->kind != MYLEX_INT)
		return UINT64_MAX;
	for (uint32_t i = 0; i < t->n; i++) {
		uint64_t digit = (uint64_t)(r->p->lex->text.p[t->at + i] - '0');

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return UINT64_MAX;
		value = value * 10 + digit;
	}
	return value;
}

static bool take_between(struct rules_run *r, uint64_t least, uint64_t most)
{
	uint64_t value = value_of(r);
	bool is = value >= least && value <= most;

	r->p->at += is;
	return is;
}

bool rules_call_number_int(struct rules_run *r) /* real_ulong_num */
{
	return take_kind(r, MYLEX_INT) || (myparse_is_kind(r->p, 0, MYLEX_HEX) &&
						  myparse_peek(r->p, 0)->code != MYLEX_QUOTED_FORM && take_kind(r, MYLEX_HEX));
}

bool rules_call_number(struct rules_run *r) /* ulong_num */
{
	return rules_call_number_int(r) || take_kind(r, MYLEX_DECIMAL) || take_kind(r, MYLEX_FLOAT);
}

bool rules_call_number_digits(struct rules_run *r) /* LIMIT */
{
	return take_kind(r, MYLEX_INT);
}

bool rules_call_number_any(struct rules_run *r) /* ulonglong_num */
{
	return take_kind(r, MYLEX_INT) || take_kind(r, MYLEX_DECIMAL) || take_kind(r, MYLEX_FLOAT);
}

bool rules_call_number_length(struct rules_run *r) /* field_length */
{
	return take_kind(r, MYLEX_INT) || (r->p->is_maria && take_kind(r, MYLEX_DECIMAL));
}

bool rules_call_number_small(struct rules_run *r) /* NUM */
{
	return take_between(r, 0, INT32_MAX);
}

bool rules_call_number_long(struct rules_run *r) /* NUM, LONG_NUM */
{
	return take_between(r, 0, INT64_MAX);
}

bool rules_call_number_bit(struct rules_run *r)
{
	return take_between(r, 0, 1);
}

bool rules_call_number_pages(struct rules_run *r) /* STATS_SAMPLE_PAGES */
{
	return take_between(r, 1, 65535);
}

/* Engines that keep rows in this server. Any other may reach files or other servers by its options: the act tells. */
bool rules_call_engine(struct rules_run *r)
{
	static const char *const own[] = {"InnoDB", "MyISAM", "Aria", "MEMORY", "HEAP", "MERGE", "MRG_MyISAM", "ARCHIVE", "CSV",
		"BLACKHOLE", "SEQUENCE", "RocksDB", "ndbcluster", "PERFORMANCE_SCHEMA", "default"};

	if (!rules_call_text_or_ident(r))
		return false;
	for (size_t i = 0; i < QW_COUNT(own); i++)
		if (strcasecmp(r->name, own[i]) == 0)
			return true;
	return rules_put(
		r, &(struct rules_found){
			   .act = {.verb = QW_VERB_LOAD, .kind = QW_OBJECT_OTHER, .kind_name = "engine", .name = r->name}});
}

bool rules_call_interval_unit(struct rules_run *r)
{
	static const uint16_t units[] = {MYW_MICROSECOND, MYW_SECOND, MYW_MINUTE, MYW_HOUR, MYW_DAY, MYW_WEEK, MYW_MONTH,
		MYW_QUARTER, MYW_YEAR, MYW_DAY_HOUR, MYW_DAY_MICROSECOND, MYW_DAY_MINUTE, MYW_DAY_SECOND, MYW_HOUR_MICROSECOND,
		MYW_HOUR_MINUTE, MYW_HOUR_SECOND, MYW_MINUTE_MICROSECOND, MYW_MINUTE_SECOND, MYW_SECOND_MICROSECOND,
		MYW_YEAR_MONTH};

	for (size_t i = 0; i < QW_COUNT(units); i++)
		if (myparse_take_word(r->p, units[i]))
			return true;
	return false;
}

bool rules_call(struct rules_run *r, enum rules_call call)
{
	static bool (*const calls[])(struct rules_run *) = {
#define X(name) rules_call_##name,
		RULES_CALLS(X)
#undef X
	};

	return calls[call](r);
}
