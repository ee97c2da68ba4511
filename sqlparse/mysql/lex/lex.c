/* Scrubbed text -> tokens. */
#include "lex.h"

/* Where the lexer is, besides the place: what it takes the next bytes for. */
enum state { START, SEPARATOR /* "." and a name follow */, AFTER_DOT /* a name, never a keyword */, AFTER_AT, AFTER_ATAT };

struct lexer {
	const struct mysql_dialect *dialect;
	struct mylex *out;
	struct qw_arena *arena;
	struct qw_bytes text;
	size_t at, cap, max;
	enum state state;
	int err;
};

static bool refuse(struct lexer *l, const char *why)
{
	l->out->problem = why;
	l->out->problem_at = l->at;
	return false;
}

static uint8_t peek(const struct lexer *l, size_t more)
{
	return l->at + more < l->text.n ? l->text.p[l->at + more] : 0;
}

static bool is_maria(const struct lexer *l)
{
	return l->dialect->flavour == MYSQL_FLAVOUR_MARIADB;
}

static bool grow(struct lexer *l)
{
	size_t cap = l->cap ? l->cap * 2 : 64;
	struct mylex_token *more = qw_arena_alloc(l->arena, cap * sizeof(*more));

	if (!more) {
		l->err = QW_E_NOMEM;
		return false;
	}
	if (l->out->count)
		memcpy(more, l->out->tokens, l->out->count * sizeof(*more));
	l->out->tokens = more;
	l->cap = cap;
	return true;
}

/* Puts a token of n bytes that begins here, and moves behind it. */
static bool put(struct lexer *l, uint8_t kind, uint16_t code, size_t n)
{
	if (l->out->count >= l->max) {
		l->err = QW_E_LIMIT;
		return false;
	}
	if (l->out->count == l->cap && !grow(l))
		return false;
	l->out->tokens[l->out->count++] =
		(struct mylex_token){.kind = kind, .code = code, .at = (uint32_t)l->at, .n = (uint32_t)n};
	l->at += n;
	return true;
}

/* ---- names ---- */
/* Of names only whole characters of at most three bytes are known to be stored as they are written. */
static bool is_known_name(struct qw_bytes s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 0xf0)
			return false;
	return qw_utf8_valid(s);
}

static bool put_name(struct lexer *l, uint8_t kind, uint16_t code, size_t n)
{
	if (!is_known_name(qw_bytes(l->text.p + l->at, n)))
		return refuse(l, "a name holds bytes that are no characters of UTF-8, or of more than three bytes");
	return put(l, kind, code, n);
}

static size_t name_length(const struct lexer *l)
{
	size_t n = 0;

	while (mylex_is_name(peek(l, n)))
		n++;
	return n;
}

/* The keyword of n bytes here; with `call`, also one that is a keyword only before "(". */
static uint16_t keyword(const struct lexer *l, size_t n, bool call)
{
	uint16_t word = mylex_word_find(l->text.p + l->at, n);
	uint8_t flags = mylex_word_flags(word, l->dialect->flavour);

	return flags & MYLEX_WORD_IS || (call && flags & MYLEX_WORD_CALL) ? word : MYLEX_NO_WORD;
}

/* $tag$ begins a quote in MySQL. */
static bool is_dollar_quote(const struct lexer *l, size_t n)
{
	return peek(l, 0) == '$' && !is_maria(l) && memchr(l->text.p + l->at + 1, '$', n - 1);
}

static bool bare(struct lexer *l)
{
	size_t n = name_length(l), next = n;
	uint16_t word;

	if (is_dollar_quote(l, n))
		return refuse(l, "quotes of dollars are refused");
	if (peek(l, n) == '.' && mylex_is_name(peek(l, n + 1))) {
		l->state = SEPARATOR;
	} else {
		while (l->dialect->modes & MYSQL_MODE_IGNORE_SPACE && mylex_is_space(peek(l, next)))
			next++;
		word = keyword(l, n, peek(l, next) == '(');
		if (word)
			return put(l, MYLEX_WORD, word, n);
	}
	if (peek(l, 0) == '_' && mylex_charset_is(l->text.p + l->at + 1, n - 1, l->dialect->flavour))
		return put(l, MYLEX_INTRODUCER, 0, n);
	return put_name(l, MYLEX_IDENT, 0, n);
}

static bool quoted(struct lexer *l)
{
	size_t end = mylex_quote_end(l->text, l->at, l->dialect);

	if (!end)
		return refuse(l, "a quote is never closed");
	if (peek(l, 0) == '\'' || (peek(l, 0) == '"' && !(l->dialect->modes & MYSQL_MODE_ANSI_QUOTES)))
		return put(l, MYLEX_STRING, 0, end - l->at);
	if (end - l->at == 2)
		return refuse(l, "a name is empty");
	if (l->dialect->charset != MYSQL_CHARSET_UTF8)
		for (size_t i = l->at; i < end; i++)
			if (l->text.p[i] >= 0x80)
				return refuse(l, "a name holds a byte above 7F");
	return put_name(l, MYLEX_QUOTED, 0, end - l->at);
}

/* "." and, when a name follows at once, that no keyword is looked for in it. */
static bool dot(struct lexer *l)
{
	l->state = mylex_is_name(peek(l, 1)) ? AFTER_DOT : START;
	return put(l, MYLEX_OP, '.', 1);
}

static bool after_dot(struct lexer *l)
{
	size_t n = name_length(l);
	uint16_t word = keyword(l, n, true);

	l->state = peek(l, n) == '.' && mylex_is_name(peek(l, n + 1)) ? SEPARATOR : START;
	if (is_maria(l) && peek(l, n) == '(' &&
		(word == MYW_SUBSTRING || word == MYW_SUBSTR || word == MYW_TRIM || word == MYW_REPLACE))
		return put(l, MYLEX_WORD, word, n);
	return put_name(l, MYLEX_IDENT, 0, n);
}

/* ---- variables and hosts ---- */
static bool at_sign(struct lexer *l)
{
	uint8_t next = peek(l, 1);

	if (next == '@') {
		l->state = peek(l, 2) == '`' ? START : AFTER_ATAT;
		return put(l, MYLEX_OP, MYLEX_OP_ATAT, 2);
	}
	l->state = next == '\'' || next == '"' || next == '`' ? START : AFTER_AT;
	return put(l, MYLEX_OP, '@', 1);
}

static bool host(struct lexer *l)
{
	size_t n = 0;

	while (peek(l, n) == '.' || (peek(l, n) < 0x80 && mylex_is_name(peek(l, n))))
		n++;
	if (peek(l, n) >= 0x80)
		return refuse(l, "a variable or host name is not ASCII: put it in quotes");
	l->state = START;
	return put(l, MYLEX_HOST, 0, n);
}

static bool after_atat(struct lexer *l)
{
	size_t n = name_length(l);
	uint16_t word = keyword(l, n, false);

	if (n == 0)
		return refuse(l, "no name stands behind @@");
	l->state = peek(l, n) == '.' ? SEPARATOR : START;
	return word ? put(l, MYLEX_WORD, word, n) : put_name(l, MYLEX_IDENT, 0, n);
}

/* ---- literals ---- */
static bool is_digit_of(bool hex, uint8_t c)
{
	return hex ? mylex_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') : c == '0' || c == '1';
}

/* x'4D', b'01' */
static bool digits_in_quotes(struct lexer *l, bool hex)
{
	size_t n = 2;

	while (is_digit_of(hex, peek(l, n)))
		n++;
	if (peek(l, n) != '\'' || (hex && n % 2))
		return refuse(l, "x'..' holds pairs of hex digits, b'..' holds 0 and 1");
	return put(l, hex ? MYLEX_HEX : MYLEX_BIN, MYLEX_QUOTED_FORM, n + 1);
}

static bool national(struct lexer *l)
{
	size_t end;

	l->at++;
	end = mylex_quote_end(l->text, l->at, l->dialect);
	l->at--;
	return end ? put(l, MYLEX_NSTRING, 0, end - l->at) : refuse(l, "a quote is never closed");
}

static bool number(struct lexer *l)
{
	struct mylex_token t = {0};
	size_t end = mylex_number(l->text, l->at, &t);

	if (!end)
		return refuse(l, "a number has no digits in its exponent");
	if (t.kind != MYLEX_IDENT)
		return put(l, t.kind, 0, end - l->at);
	if (peek(l, end - l->at) == '.' && mylex_is_name(peek(l, end - l->at + 1)))
		l->state = SEPARATOR;
	return put_name(l, MYLEX_IDENT, 0, end - l->at);
}

/* ---- operators ---- */
static const struct {
	const char *spelled;
	uint16_t code;
} operators[] = {{"<=>", MYLEX_OP_SAFE_EQ}, {"!=", MYLEX_OP_NE}, {"<>", MYLEX_OP_NE}, {"<=", MYLEX_OP_LE}, {">=", MYLEX_OP_GE},
	{"<<", MYLEX_OP_SHL}, {">>", MYLEX_OP_SHR}, {"&&", MYLEX_OP_AND}, {"||", MYLEX_OP_OR}, {":=", MYLEX_OP_ASSIGN}};

static bool is_comparing(uint8_t c)
{
	return c == '<' || c == '>' || c == '=' || c == '!';
}

/* MySQL takes as many of < > = ! as may form an operator, and trips when they form none. */
static bool trips(const struct lexer *l, size_t n)
{
	size_t run = 1;

	if (is_maria(l) || !is_comparing(peek(l, 0)))
		return false;
	if (is_comparing(peek(l, 1)))
		run = peek(l, 0) == '<' && is_comparing(peek(l, 2)) && peek(l, 2) != '<' ? 3 : 2;
	return run != n;
}

static bool put_operator(struct lexer *l, uint16_t code, size_t n)
{
	if (trips(l, n))
		return refuse(l, "a run of comparison signs forms no operator: put blanks between them");
	if (code == MYLEX_OP_OR && l->dialect->modes & MYSQL_MODE_PIPES_AS_CONCAT)
		code = MYLEX_OP_CONCAT;
	return put(l, MYLEX_OP, code, n);
}

/* The blank that stands for a comment behind "--" would make a comment of that: what is forwarded would not be what was read. */
static bool begins_comment(const struct lexer *l)
{
	uint8_t c = peek(l, 2);

	if (peek(l, 0) == '/' && peek(l, 1) == '*')
		return true;
	return peek(l, 0) == '-' && peek(l, 1) == '-' && (c <= ' ' || c == 0x7f);
}

static bool operator(struct lexer *l)
{
	if (begins_comment(l))
		return refuse(l, "a comment stands right behind \"--\"");
	for (size_t i = 0; i < QW_COUNT(operators); i++) {
		size_t n = strlen(operators[i].spelled);

		if (n <= l->text.n - l->at && memcmp(l->text.p + l->at, operators[i].spelled, n) == 0)
			return put_operator(l, operators[i].code, n);
	}
	if (!is_maria(l) && peek(l, 0) == '-' && peek(l, 1) == '>')
		return put(l, MYLEX_OP, peek(l, 2) == '>' ? MYLEX_OP_ARROW_TEXT : MYLEX_OP_ARROW, peek(l, 2) == '>' ? 3 : 2);
	if (peek(l, 0) == '?') {
		if (!l->dialect->prepares || mylex_is_name(peek(l, 1)))
			return refuse(l, "\"?\" stands where no parameter can be bound");
		return put(l, MYLEX_OP, MYLEX_OP_PARAM, 1);
	}
	if (is_maria(l) && peek(l, 0) == '\\' && peek(l, 1) == 'N')
		return put(l, MYLEX_WORD, MYW_NULL, 2);
	if (!strchr("()+-*/%=<>!~^&|,;:{}", peek(l, 0)))
		return refuse(l, "a character stands where none of SQL can");
	return put_operator(l, peek(l, 0), 1);
}

static bool from_start(struct lexer *l)
{
	uint8_t c = peek(l, 0), next = peek(l, 1);

	if (mylex_is_digit(c) || (c == '.' && mylex_is_digit(next)))
		return number(l);
	if (next == '\'' && (c == 'x' || c == 'X' || c == 'b' || c == 'B'))
		return digits_in_quotes(l, c == 'x' || c == 'X');
	if (next == '\'' && (c == 'n' || c == 'N'))
		return national(l);
	if (mylex_is_name(c))
		return bare(l);
	if (c == '\'' || c == '"' || c == '`')
		return quoted(l);
	if (c == '@')
		return at_sign(l);
	if (c == '.')
		return dot(l);
	return operator(l);
}

static bool step(struct lexer *l)
{
	enum state state = l->state;

	switch (state) {
	case SEPARATOR:
		return dot(l);
	case AFTER_DOT:
		return after_dot(l);
	case AFTER_AT:
		return host(l);
	case AFTER_ATAT:
		return after_atat(l);
	case START:
		break;
	}
	while (mylex_is_space(peek(l, 0)))
		l->at++;
	return l->at == l->text.n || from_start(l);
}

static bool is_known(const struct mysql_dialect *d)
{
	bool version = (d->flavour == MYSQL_FLAVOUR_MYSQL && d->version >= 80000 && d->version < 100000) ||
		       (d->flavour == MYSQL_FLAVOUR_MARIADB && d->version >= 100600 && d->version < 120000);

	return version && d->charset != MYSQL_CHARSET_OTHER && d->modes < MYSQL_MODE_OTHER;
}

int mylex_run(struct qw_bytes text, const struct mysql_dialect *d, size_t tokens_max, struct qw_arena *arena, struct mylex *out)
{
	struct lexer l = {.dialect = d, .out = out, .arena = arena, .max = tokens_max};
	int err;

	*out = (struct mylex){.text = text};
	if (!is_known(d)) {
		out->problem = "this server's flavour, version, sql_mode or character set is not known to the gateway";
		return 0;
	}
	if (text.n >= UINT32_MAX)
		return QW_E_LIMIT;
	err = mylex_scrub(text, d, arena, out);
	if (err || out->problem)
		return err;
	l.text = out->text;
	while (l.at < l.text.n || l.state == AFTER_AT)
		if (!step(&l))
			return l.err;
	(void)put(&l, MYLEX_END, 0, 0);
	return l.err;
}
