/*
 * Definitions that name functions: whoever uses the operator, aggregate, trigger, cast ... calls
 * them, under another name or none. So the definition counts as the call.
 */
#include "../facts.h"
#include "../handlers.h"

#include <strings.h>

/* Keys of CREATE OPERATOR, AGGREGATE, TYPE, TEXT SEARCH, FOREIGN DATA WRAPPER, and of CREATE
 * FUNCTION ... SUPPORT. */
static bool is_function_key(const char *key)
{
	static const char *const keys[] = {
		"procedure",
		"function",
		"restrict",
		"join",
		"sfunc",
		"sfunc1",
		"finalfunc",
		"combinefunc",
		"serialfunc",
		"deserialfunc",
		"msfunc",
		"minvfunc",
		"mfinalfunc",
		"input",
		"output",
		"receive",
		"send",
		"typmod_in",
		"typmod_out",
		"analyze",
		"subscript",
		"start",
		"gettoken",
		"end",
		"headline",
		"lextypes",
		"init",
		"lexize",
		"canonical",
		"subtype_diff",
		"handler",
		"validator",
		"support",
	};

	for (size_t i = 0; i < QW_COUNT(keys); i++)
		if (strcasecmp(key, keys[i]) == 0)
			return true;
	return false;
}

/* An aggregate over set_config() sets whatever its caller likes, unseen. */
static void call_list(struct walk *w, const List *name)
{
	const char *function = spg_name_last(name);

	spg_facts_call(w, name, "function");
	if (function && strcmp(function, "set_config") == 0)
		spg_facts_bare(w, QW_VERB_SET_PINNED, "setting", NULL);
}

static void call_node(struct walk *w, const Node *n)
{
	if (!n)
		return;
	if (IsA(n, TypeName))
		call_list(w, ((const TypeName *)(const void *)n)->names);
	else if (IsA(n, List))
		call_list(w, (const List *)(const void *)n);
	else if (IsA(n, ObjectWithArgs))
		call_list(w, ((const ObjectWithArgs *)(const void *)n)->objname);
	else if (IsA(n, String))
		call_list(w, &(const List){.type = T_List,
				     .length = 1,
				     .elements = &(ListCell){.ptr_value = (void *)(uintptr_t)n}});
}

static void call_options(struct walk *w, const List *options)
{
	const ListCell *cell;

	foreach (cell, options) {
		const Node *n = lfirst(cell);
		const DefElem *d = (const DefElem *)(const void *)n;

		if (n && IsA(n, DefElem) && is_function_key(d->defname))
			call_node(w, d->arg);
	}
}

void spg_ddl_functions(struct walk *w, const Node *statement)
{
	const void *s = statement;

	switch ((int)nodeTag(statement)) {
	case T_CreateTrigStmt:
		call_list(w, ((const CreateTrigStmt *)s)->funcname);
		break;
	case T_CreateEventTrigStmt:
		call_list(w, ((const CreateEventTrigStmt *)s)->funcname);
		break;
	case T_CreatePLangStmt:
		call_list(w, ((const CreatePLangStmt *)s)->plhandler);
		call_list(w, ((const CreatePLangStmt *)s)->plinline);
		call_list(w, ((const CreatePLangStmt *)s)->plvalidator);
		break;
	case T_CreateConversionStmt:
		call_list(w, ((const CreateConversionStmt *)s)->func_name);
		break;
	case T_CreateCastStmt:
		call_node(w, (const Node *)((const CreateCastStmt *)s)->func);
		break;
	case T_CreateTransformStmt:
		call_node(w, (const Node *)((const CreateTransformStmt *)s)->fromsql);
		call_node(w, (const Node *)((const CreateTransformStmt *)s)->tosql);
		break;
	case T_CreateAmStmt:
		call_list(w, ((const CreateAmStmt *)s)->handler_name);
		break;
	case T_DefineStmt:
		call_options(w, ((const DefineStmt *)s)->definition);
		break;
	case T_CreateRangeStmt:
		call_options(w, ((const CreateRangeStmt *)s)->params);
		break;
	case T_AlterOperatorStmt:
		call_options(w, ((const AlterOperatorStmt *)s)->options);
		break;
	case T_AlterTypeStmt:
		call_options(w, ((const AlterTypeStmt *)s)->options);
		break;
	case T_CreateFdwStmt:
		call_options(w, ((const CreateFdwStmt *)s)->func_options);
		break;
	case T_AlterFdwStmt:
		call_options(w, ((const AlterFdwStmt *)s)->func_options);
		break;
	case T_CreateFunctionStmt:
		call_options(w, ((const CreateFunctionStmt *)s)->options);
		break;
	case T_AlterFunctionStmt:
		call_options(w, ((const AlterFunctionStmt *)s)->actions);
		break;
	}
}

/* OPERATOR items name an operator, STORAGE items a type. */
void spg_on_opclass_item(struct walk *w, const struct frame *f)
{
	const CreateOpClassItem *item = f->node;

	if (item->itemtype == OPCLASS_ITEM_FUNCTION)
		call_node(w, (const Node *)item->name);
	spg_walk_children(w, f, f->ctx, NULL);
}
