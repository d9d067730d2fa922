"""Calls every served action that needs no input, and holds each answer against the shape
of botocore's model: no member of the wrong type, no value beside its enumeration."""
import datetime, os, sys
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

SERVICES = ["cloudformation", "organizations", "ssm", "sns", "events", "cloudwatch", "cloudcontrol", "sts"]
KINDS = {"string": str, "integer": int, "long": int, "boolean": bool, "timestamp": datetime.datetime,
         "double": float, "float": float, "list": list, "map": dict, "structure": dict, "blob": (bytes, str)}


def wrong(value, shape, at):
    if not isinstance(value, KINDS[shape.type_name]):
        return [f"{at} is {type(value).__name__}, not {shape.type_name}"]
    if shape.type_name == "structure":
        return [w for k, v in value.items() if k in shape.members for w in wrong(v, shape.members[k], f"{at}.{k}")]
    if shape.type_name == "list":
        return [w for v in value for w in wrong(v, shape.member, at)]
    if getattr(shape, "enum", None) and value not in shape.enum:
        return [f"{at} is {value!r}, none of {shape.enum}"]
    return []


bad, called, unserved = [], 0, 0
for name in SERVICES:
    client = boto3.client(name, config=Config(retries={"max_attempts": 5, "mode": "standard"}))
    model = client.meta.service_model
    for operation in model.operation_names:
        shapes = model.operation_model(operation)
        if shapes.input_shape and shapes.input_shape.required_members:
            continue
        try:
            answer = client._make_api_call(operation, {})
        except ClientError as e:
            code, text = e.response["Error"]["Code"], e.response["Error"]["Message"]
            if "does not serve" in text:
                unserved += 1
            elif e.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                bad.append(f"{name}:{operation} fails with {code}")
            continue
        called += 1
        answer.pop("ResponseMetadata")
        bad += [f"{name}:{operation}: {w}" for w in (wrong(answer, shapes.output_shape, "answer") if shapes.output_shape else [])]
print(*bad, sep="\n")
print(f"{called} answers hold, {unserved} actions not served")
sys.exit(bool(bad))
