"""The reference's stack: Flask, gunicorn, psycopg2, one select a request."""

import os

import psycopg2
from flask import Flask, Response, jsonify

from tests.bench.gateway_bench.servers import stay_on_core

stay_on_core()
app = Flask(__name__)
connection = psycopg2.connect(os.environ["PUNKCAST_DATABASE_URL"])
connection.autocommit = True
PUNK_SQL = """
select n.punk_id, n.value_wei::text, n.lo50_wei::text, n.hi50_wei::text, n.lo80_wei::text, n.hi80_wei::text,
       n.lo90_wei::text, n.hi90_wei::text, n.confidence::text, p.type, p.skin, p.accessories, g.model_id, g.as_of
from nowcast_pointer
join generations g using (generation_id)
join nowcasts n using (generation_id)
join punks p using (punk_id)
where n.punk_id = %s
"""


@app.get("/v1/punks/<int:punk_id>")
def punk(punk_id: int) -> Response:
    with connection.cursor() as cursor:
        cursor.execute(PUNK_SQL, (punk_id,))
        row = cursor.fetchone()
    names = ("punk_id", "value", "lo50", "hi50", "lo80", "hi80", "lo90", "hi90", "confidence", "type", "skin", "traits")
    return jsonify(dict(zip(names, row, strict=False)) | {"model_id": row[12], "as_of": row[13].isoformat()})
