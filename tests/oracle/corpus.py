"""The SQL statements of MariaDB's own test suite, out of Debian's mariadb-test-data: read at test time, never kept here.

A .test file is a program for mysqltest (client/mysqltest.cc, read_line and command_names): statements stand between commands of
its own. What mysqltest would put together itself (variables, perl, files) is left out.
"""
import re
import struct

from packages import CACHE, unpacked

STATEMENT_BYTES_MAX = 60000

# Words that begin a command of mysqltest; what begins otherwise is sent to the server.
COMMANDS = set(b"""append_file assert cat_file change_user character_set chmod connect connection copy_file copy_files_wildcard dec delimiter die diff_files
disable_abort_on_error disable_async_client disable_column_names disable_connect_log disable_cursor_protocol disable_info disable_metadata
disable_non_blocking_api disable_parsing disable_ps2_protocol disable_ps_protocol disable_prepare_warnings disable_query_log disable_reconnect
disable_result_log disable_rpl_parse disable_service_connection disable_session_track_info disable_testcase disable_view_protocol disable_warnings
dirty_close disconnect echo enable_abort_on_error enable_async_client enable_column_names enable_connect_log enable_cursor_protocol enable_info
enable_metadata enable_non_blocking_api enable_parsing enable_prepare_warnings enable_ps2_protocol enable_ps_protocol enable_query_log
enable_reconnect enable_result_log enable_rpl_parse enable_service_connection enable_session_track_info enable_testcase enable_view_protocol
enable_warnings end error eval exec execw exit file_exists force-cpdir force-rmdir horizontal_results if inc let list_files list_files_append_file
list_files_write_file lowercase_result mkdir move_file output perl ping put_file query query_attributes query_get_value query_horizontal query_vertical real_sleep
reap reload remove_file remove_files_wildcard replace_column replace_numeric_round replace_regex replace_result require reset_connection result
result_format rmdir save_master_pos send send_eval send_quit send_shutdown shutdown_server skip sleep sorted_result
partially_sorted_result source start_timer sync_slave_with_master sync_with_master system vertical_results wait wait_for_slave_to_stop while write_file
write_line optimizer_trace""".split())
SENDING = (b"eval", b"query", b"send", b"send_eval", b"query_horizontal", b"query_vertical", b"evalp", b"queryp")
WITH_BODY = (b"perl", b"write_file", b"append_file")

WORD = re.compile(rb"[A-Za-z_][A-Za-z_0-9-]*")
QUOTED = re.compile(rb"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`(?:[^`\\]|\\.)*`", re.DOTALL)
VARIABLE = re.compile(rb"\$[A-Za-z_0-9]")


class Script:
    def __init__(self, text):
        self.text, self.at, self.delimiter = text, 0, b";"
        self.is_parsing = True
        self.found = []

    # ---- pieces of the text ----

    def _line(self):
        end = self.text.find(b"\n", self.at)
        end = len(self.text) if end < 0 else end
        line, self.at = self.text[self.at:end], end + 1
        return line

    def _to_delimiter(self):
        stop = re.compile(rb"['\"`]|" + re.escape(self.delimiter))
        at = self.at
        while (m := stop.search(self.text, at)):
            if m.group() == self.delimiter:
                part, self.at = self.text[self.at:m.start()], m.end()
                return part
            quoted = QUOTED.match(self.text, m.start())
            if not quoted:
                break
            at = quoted.end()
        part, self.at = self.text[self.at:], len(self.text)
        return b"" if part.strip() else part

    def _condition(self):
        """Past `if (...) {`: brackets are counted, whatever stands between them."""
        depth = 0
        for m in re.compile(rb"[(){]").finditer(self.text, self.at):
            depth += {b"(": 1, b")": -1}.get(m.group(), 0)
            if m.group() == b"{" and depth <= 0:
                self.at = m.end()
                return
        self.at = len(self.text)

    def _skip_body(self, words):
        end = words[-1] if len(words) > 1 and words[0] == b"perl" or len(words) > 2 else b"EOF"
        while self.at < len(self.text) and self._line().strip() != end:
            pass

    # ---- commands ----

    def _take(self, statement, is_eval):
        statement = statement.strip()
        if is_eval and VARIABLE.search(statement) or not self.is_parsing:
            return
        if 1 < len(statement) <= STATEMENT_BYTES_MAX:
            self.found.append(statement)

    def _command(self, name, rest):
        if name in (b"disable_parsing", b"enable_parsing"):
            self.is_parsing = name == b"enable_parsing"
        elif name == b"delimiter":
            self.delimiter = rest.split()[0] if rest.split() else self.delimiter
        elif name in SENDING:
            self._take(rest, b"eval" in name)
        elif name in WITH_BODY:
            self._skip_body([name, *rest.rstrip(b";").split()])

    def _dashed(self):
        line = self._line()[2:].strip()
        m = WORD.match(line)
        if m and (m.group().lower() in COMMANDS or m.group().lower() in SENDING):
            self._command(m.group().lower(), line[m.end():].strip())

    def _one(self):
        if self.text.startswith(b"#", self.at):
            self._line()
            return
        if self.text.startswith(b"--", self.at):
            self._dashed()
            return
        if self.text[self.at:self.at + 1] in (b"}", b"{"):
            self.at += 1
            return
        m = WORD.match(self.text, self.at)
        name = m.group().lower() if m else b""
        if name in (b"if", b"while") and re.compile(rb"\s*\(").match(self.text, m.end()):
            self._condition()
            return
        part = self._to_delimiter()
        if name in COMMANDS or name in SENDING:
            if name in WITH_BODY:
                self._line()
            self._command(name, part[len(name):].strip())
        else:
            self._take(part, VARIABLE.search(part) and b"'" not in part)

    def statements(self):
        while self.at < len(self.text):
            if self.text[self.at:self.at + 1].isspace():
                self.at += 1
                continue
            before = self.at
            self._one()
            if self.at <= before:  # an open quote: the rest of the file is lost
                break
        return self.found


def statements():
    """All unique statements, in the order of the files; bytes, for some tests are not UTF-8."""
    folder = unpacked("mariadb-test-data")
    kept = CACHE / f"{folder.name}.statements"
    if not kept.exists():
        unique = {}
        for file in sorted([*folder.rglob("*.test"), *folder.rglob("*.inc")]):
            for statement in Script(file.read_bytes()).statements():
                unique.setdefault(statement)
        part = kept.with_suffix(".part")
        part.write_bytes(framed(unique))
        part.rename(kept)
    return kept, unframed(kept.read_bytes())


def framed(statements):
    """As the oracle and the probe read them: 4 bytes of length before each."""
    return b"".join(struct.pack("<I", len(s)) + s for s in statements)


def unframed(data):
    found, at = [], 0
    while at < len(data):
        n = struct.unpack_from("<I", data, at)[0]
        found.append(data[at + 4:at + 4 + n])
        at += 4 + n
    return found
