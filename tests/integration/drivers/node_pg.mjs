// node-postgres: plain, parameterised, named statements, cursors, streams, COPY, notifications, cancel by pg_cancel_backend.
// node node_pg.mjs work|masked, with the way in QW_WHERE (JSON); the results go to standard output as JSON.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import copy from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'

const where = JSON.parse(process.env.QW_WHERE)
const SELECT = 'SELECT id, name, email, ssn, phone, card FROM customers ORDER BY id'

async function connect() {
  const { host, port, user, password, database, ca } = where
  const client = new pg.Client({ host, port, user, password, database,
    ssl: { ca: readFileSync(ca), servername: 'localhost', rejectUnauthorized: true } })
  await client.connect()
  return client
}

async function failure(promise) {
  try {
    await promise
    return 'no error'
  } catch (e) {
    return [e.code, e.severity, e.message, e.detail]
  }
}

const rows = (result) => result.rows.map((r) => Object.values(r))

async function plain(c) {
  const many = await c.query('SELECT 1 AS a; SELECT 2 AS b; SELECT 3 AS c')
  return [many.map(rows), rows(await c.query('SELECT now() > $1::timestamptz, $2::text, $3::int[], $4::jsonb, $5::bytea',
    [new Date(0), "it's", [1, 2], { a: 1 }, Buffer.from([0, 255])])), rows(await c.query(''))]
}

async function named(c) {
  const out = []
  for (let i = 0; i < 5; i++)
    out.push(rows(await c.query({ name: 'by-id', text: 'SELECT id, v FROM t5 WHERE id = $1', values: [i + 1] })))
  const array = await c.query({ text: 'SELECT id, v FROM t5 WHERE id < $1 ORDER BY id', values: [4], rowMode: 'array' })
  const binary = await c.query({ text: 'SELECT id, id::float8 AS f FROM t5 WHERE id < $1 ORDER BY id', values: [4], binary: true, rowMode: 'array' })
  return [out, array.rows, array.fields.map((f) => [f.name, f.dataTypeID, f.format]), binary.rows]
}

async function cursors(c) {
  const cursor = c.query(new Cursor('SELECT id FROM t5 WHERE id > $1 ORDER BY id', [2]))
  const out = [await cursor.read(3), await cursor.read(4)]
  await cursor.close()
  let sum = 0
  for await (const row of c.query(new QueryStream('SELECT id FROM t5 ORDER BY id', [], { batchSize: 6 }))) sum += row.id
  return [...out, sum]
}

async function copying(c) {
  await pipeline(Readable.from(Array.from({ length: 3000 }, (_, i) => `${i + 100}\tcopied ${i}\n`)),
    c.query(copy.from('COPY t5 FROM STDIN')))
  const hash = createHash('sha256')
  for await (const chunk of c.query(copy.to('COPY (SELECT * FROM t5 ORDER BY id) TO STDOUT'))) hash.update(chunk)
  const bad = pipeline(Readable.from(['x\ty\n']), c.query(copy.from('COPY t5 FROM STDIN')))
  return [hash.digest('hex'), await failure(bad), rows(await c.query('SELECT count(*)::int FROM t5'))]
}

async function transactions(c) {
  const out = []
  await c.query('BEGIN')
  await c.query('INSERT INTO t5 VALUES ($1, $2)', [90000, 'lost'])
  out.push(await failure(c.query('INSERT INTO t5 VALUES (1)')), await failure(c.query('SELECT 1')))
  out.push((await c.query('COMMIT')).command)
  const queued = await Promise.allSettled([c.query('SELECT 1 AS a'), c.query('SELECT broken'), c.query('SELECT 2 AS b')])
  out.push(queued.map((q) => q.status), rows(await c.query('SELECT count(*)::int FROM t5 WHERE v = $1', ['lost'])))
  return out
}

async function notified(c) {
  const got = [], notices = []
  c.on('notification', (n) => got.push([n.channel, n.payload, n.processId === c.processID]))
  c.on('notice', (n) => notices.push([n.severity, n.message]))
  await c.query('LISTEN from_node')
  await c.query("NOTIFY from_node, 'hello'")
  await c.query("DO $$ BEGIN RAISE NOTICE 'told'; END $$")
  return [got, notices]
}

async function cancelled(c) {
  const other = await connect()
  const cancel = new Promise((later) => setTimeout(later, 300)).then(() => other.query('SELECT pg_cancel_backend($1)', [c.processID]))
  const out = [await failure(c.query('SELECT pg_sleep(20)')), rows(await cancel), rows(await c.query("SELECT 'after a cancel'"))]
  await other.end()
  return out
}

async function clean(c) {
  const out = []
  await c.query("SET timezone = 'Asia/Tokyo'")
  for (const sql of ['SELECT 1; RESET ALL', 'DISCARD ALL', 'BEGIN', 'DISCARD ALL', 'ROLLBACK', 'SELECT 1; DISCARD ALL']) {
    out.push(await c.query(sql).then((r) => [r].flat().map((one) => one.command), (e) => [e.code, e.message]))
    out.push(rows(await c.query('SHOW timezone').catch(() => ({ rows: [] }))))
  }
  await c.query({ text: 'DISCARD ALL', values: [], rowMode: 'array', binary: true })
  return [...out, rows(await c.query({ text: 'SELECT $1::text', values: ['after'] }))]
}

async function work() {
  const c = await connect()
  const out = [await plain(c)]
  await c.query('CREATE TEMP TABLE t5 (id int PRIMARY KEY, v text)')
  await c.query("INSERT INTO t5 SELECT i, 'v' || i FROM generate_series(1, 20) i")
  for (const step of [named, cursors, copying, transactions, notified, cancelled, clean]) out.push(await step(c))
  await c.end()
  return out
}

async function masked() {
  const c = await connect()
  const array = (more) => c.query({ text: `${SELECT} OFFSET $1`, values: [0], rowMode: 'array', ...more })
  const out = { plain: (await c.query({ text: SELECT, rowMode: 'array' })).rows, extended: (await array({})).rows }
  out.binary = (await array({ binary: true })).rows.map((row, i) => [i + 1, ...row.slice(1)]) // pg cannot read binary integers
  for (let i = 0; i < 2; i++) out.named = (await array({ name: 'n' })).rows
  const cursor = c.query(new Cursor(SELECT, [], { rowMode: 'array' }))
  out.cursor = []
  for (let batch; (batch = await cursor.read(3)).length;) out.cursor.push(...batch)
  await cursor.close()
  await c.end()
  return out
}

console.log(JSON.stringify(await { work, masked }[process.argv[2]]()))
