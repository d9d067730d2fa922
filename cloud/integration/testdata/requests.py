"""Print requests that botocore makes of generated parameters, a JSON object a line.

usage: requests.py SEED COUNT [SERVICE...]

Nothing is sent. With "all" for the services, COUNT is that of each service.
"""

import base64
import datetime
import json
import random
import sys

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config

REGION = "eu-central-1"

# What botocore itself does to single operations, and setmend's caller, like the
# Java SDK, does not; and what has no answer here.
SKIP_SERVICES = {
    "sdb", "importexport",  # signature version 2
    "codecatalyst",  # bearer tokens
    "health",  # signed for us-east-1 from everywhere, by facts older than its endpoint rules
}
SKIP_OPERATIONS = {
    ("ec2", "CopySnapshot"), ("glacier", "UploadArchive"), ("glacier", "UploadMultipartPart"),
    ("machinelearning", "Predict"), ("cloudsearchdomain", "Search"), ("s3", "CreateSession"),
    ("polly", "SynthesizeSpeech"),
}
SKIP_MEMBERS = {
    "SSECustomerKey", "SSECustomerKeyMD5", "CopySourceSSECustomerKey", "CopySourceSSECustomerKeyMD5", "SourceRegion", "UserData",
    "ChecksumAlgorithm", "ContentMD5", "ChecksumMode",
}
CHARACTERS = "abcXYZ019-_. /:=+&<>\"'%*~ä€😀\\#?;,@"
SAFE = "abcdefgh0123456789"


def text(rng, shape, location=None):
    if getattr(shape, "enum", None):
        return rng.choice(shape.enum)
    if shape.name.lower().endswith("arn"):
        return "arn:aws:%s:%s:123456789012:stream/%s" % ("kinesis", REGION, "".join(rng.choice(SAFE) for _ in range(40)))
    least = max(shape.metadata.get("min", 0), 1)
    size = max(least, rng.randint(1, 12))
    alphabet = CHARACTERS
    if location in ("header", "headers"):
        alphabet = SAFE + "-_/:=+ "
    value = "".join(rng.choice(alphabet) for _ in range(size))
    if location in ("header", "headers"):
        value = "h" + value.strip() + "e" * max(1, least)
    return value


def value(rng, shape, depth, location=None):
    kind = shape.type_name
    if kind == "structure":
        if getattr(shape, "is_document_type", False):
            return rng.choice([{"a": [1, 2.5, None, True]}, [], "text", 7])
        return structure(rng, shape, depth)
    if kind == "list":
        least = shape.metadata.get("min", 0)
        size = max(least, rng.randint(0, 2) if depth < 6 else 0)
        return [value(rng, shape.member, depth + 1, location) for _ in range(size)]
    if kind == "map":
        size = rng.randint(0, 2) if depth < 6 else 0
        return {text(rng, shape.key, location): value(rng, shape.value, depth + 1, location) for _ in range(size)}
    if kind == "boolean":
        return rng.random() < 0.5
    if kind in ("integer", "long"):
        least = shape.metadata.get("min", rng.choice([0, -3, 1]))
        return int(least) + rng.randint(0, 1000)
    if kind in ("float", "double"):
        least = shape.metadata.get("min", 0)
        return least + rng.choice([0.5, 1.25, 3, 0.1, 1e-5, 2.5e17, 123456.789])
    if kind == "timestamp":
        return datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(seconds=rng.randint(0, 30_000_000))
    if kind == "blob":
        return ("b" * shape.metadata.get("min", 0) + text(rng, shape)).encode()
    return text(rng, shape, location)


def structure(rng, shape, depth):
    required = set(shape.required_members)
    names = [n for n in shape.members if n in required or n not in SKIP_MEMBERS]
    if getattr(shape, "is_tagged_union", False) and names:
        names = [rng.choice(names)]
        required = set(names)
    rng.shuffle(names)
    out = {}
    chance = 0.6 if depth == 0 else 0.4 / depth
    for name in names:
        member = shape.members[name]
        serialization = member.serialization
        token = "idempotencyToken" in member.metadata or name in getattr(shape, "_tokens", ())
        if name not in required and not token and rng.random() > chance:
            continue
        if depth > 8 and name not in required:
            continue
        if serialization.get("jsonvalue") or serialization.get("eventstream"):
            if name in required:
                raise LookupError(name)
            continue
        if serialization.get("location") == "headers":
            out[name] = {"k" + text(rng, member.key, "header").replace(" ", "").replace(":", "").replace("/", "").replace("=", "").replace("+", "").lower():
                         text(rng, member.value, "header") for _ in range(rng.randint(1, 2))}
            continue
        if serialization.get("hostLabel") or member.name in ("BucketName",) or name in ("Bucket", "AccountId"):
            out[name] = "123456789012" if name == "AccountId" else "".join(rng.choice(SAFE) for _ in range(12))
            continue
        if name == "CopySource":
            out[name] = "bucket/key"
            continue
        location = serialization.get("location")
        v = value(rng, member, depth + 1, location)
        if location == "uri" and isinstance(v, str):
            v = v.strip("/. ")
            if rng.random() < 0.7:
                v = "".join(c for c in v if c not in "/?#")
            v += "x" * max(1, member.metadata.get("min", 0) - len(v))
        out[name] = v
    return out


def plain(v):
    """The parameters as JSON: blobs and times as text."""
    if isinstance(v, bytes):
        return v.decode()
    if isinstance(v, datetime.datetime):
        return v.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(v, dict):
        return {k: plain(x) for k, x in v.items()}
    if isinstance(v, list):
        return [plain(x) for x in v]
    return v


class Raw:
    def stream(self, **_):
        return iter([b""])

    def read(self, *_):
        return b""


def main():
    seed, count, services = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    session = botocore.session.Session()
    session.set_credentials("AKIDEXAMPLE", "secret")
    every = [s for s in session.get_available_services() if s not in SKIP_SERVICES]
    if services == ["all"]:
        services, each = every, count
    else:
        each = -(-count // len(services))
    config = Config(request_checksum_calculation="when_required", response_checksum_validation="when_required",
                    disable_request_compression=True, retries={"max_attempts": 0})
    for service in services:
        rng = random.Random(f"{seed}/{service}")
        client = session.create_client(service, region_name=REGION, config=config)
        seen = {}

        def capture(request, **_):
            seen["request"] = request
            return AWSResponse(request.url, 200, {}, Raw())

        client.meta.events.register("before-send", capture)
        model = client.meta.service_model
        names = list(model.operation_names)
        rng.shuffle(names)
        made = tries = 0
        while made < each and tries < 4 * each:
            name = names[tries % len(names)]
            tries += 1
            operation = model.operation_model(name)
            discovery = operation.endpoint_discovery or {}
            if (service, name) in SKIP_OPERATIONS or discovery.get("required") or operation.is_endpoint_discovery_operation or operation.has_event_stream_output or operation.has_event_stream_input:
                continue
            shape = operation.input_shape
            try:
                if shape is not None:
                    shape._tokens = operation.idempotent_members
                parameters = structure(rng, shape, 0) if shape is not None else {}
            except (LookupError, RecursionError):
                continue
            if shape is not None:
                for token in operation.idempotent_members:
                    parameters.setdefault(token, "00000000-0000-4000-8000-%012d" % rng.randint(0, 10**9))
                if "EncodingType" in shape.members and service == "s3":
                    parameters["EncodingType"] = "url"
                payload = shape.serialization.get("payload")
                if payload and getattr(shape.members[payload], "is_document_type", False):
                    continue
            given = plain(parameters)
            seen.clear()
            method = [m for m, n in client.meta.method_to_api_mapping.items() if n == name][0]
            try:
                getattr(client, method)(**parameters)
            except Exception as e:  # the empty answer cannot be read; that is not what is looked at
                if "request" not in seen:
                    print(f"{service} {name}: {e}".replace("\n", " ")[:200], file=sys.stderr)
            request = seen.get("request")
            if request is None:
                continue
            body = request.body or b""
            if hasattr(body, "read"):
                body.seek(0)
                body = body.read()
            if isinstance(body, str):
                body = body.encode()
            headers = {k.lower(): v.decode() if isinstance(v, bytes) else v for k, v in request.headers.items()}
            print(json.dumps({
                "service": model.service_id, "operation": name, "parameters": given, "method": request.method, "url": request.url,
                "headers": {k: v for k, v in headers.items() if k not in ("user-agent",)},
                "body": base64.b64encode(body).decode(),
            }))
            made += 1


main()
