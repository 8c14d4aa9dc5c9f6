"""Whether an answer is, element by element, what botocore's model says.

botocore's own parser skips what it does not know, so it alone would let a
misspelt member or a list without its wrapper pass. This does not.
"""

import re
from xml.etree import ElementTree

import wire

# RDS writes milliseconds, also where they are none.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_LEAVES = {
    "boolean": re.compile(r"true|false"),
    "integer": re.compile(r"-?\d{1,10}"),
    "long": re.compile(r"-?\d{1,19}"),
    "double": re.compile(r"-?\d+(\.\d+)?"),
    "timestamp": _TIME,
    "string": re.compile(r".*", re.DOTALL),
}
# Codes that any Action may answer with, and their HTTP statuses:
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html
COMMON = {
    "AccessDenied": 403,
    "IncompleteSignature": 400,
    "InternalFailure": 500,
    "InvalidAction": 400,
    "InvalidParameterCombination": 400,
    "InvalidParameterValue": 400,
    "InvalidQueryParameter": 400,
    "MalformedQueryString": 404,
    "MissingAction": 400,
    "MissingAuthenticationToken": 403,
    "MissingParameter": 400,
    "ServiceUnavailable": 503,
    "Throttling": 400,
    "ThrottlingException": 400,
}


def complaints(answer, action, service="rds"):
    """What is wrong with an answer, a line each; nothing, if all is right."""
    try:
        root = wire.document(answer)
    except ElementTree.ParseError as error:
        return [f"no XML: {error}"]
    found = []
    if answer.headers.get("content-type") != "text/xml":
        found.append(f"Content-Type is {answer.headers.get('content-type')}")
    if answer.status == 200:
        _success(root, action, service, found)
    else:
        _refusal(root, answer.status, action, service, found)
    return found


def _namespace(root, service, found):
    expected = wire.model(service).metadata.get("xmlNamespace")
    if not root.tag.startswith(f"{{{expected}}}"):
        found.append(f"{root.tag} is not in the namespace {expected}")


def _success(root, action, service, found):
    operation = wire.model(service).operation_model(action)
    _namespace(root, service, found)
    if wire.local(root.tag) != f"{action}Response":
        found.append(f"the root is {wire.local(root.tag)}")
    shape = operation.output_shape
    names = [wire.local(child.tag) for child in root]
    wrapper = shape.serialization["resultWrapper"] if shape else None
    expected = [wrapper] if wrapper else []
    if names != [*expected, "ResponseMetadata"]:
        found.append(f"{action}Response holds {names}")
        return
    if wrapper:
        structure(root[0], shape, wrapper, found)
    if [wire.local(child.tag) for child in root[-1]] != ["RequestId"]:
        found.append("ResponseMetadata is not a RequestId alone")


def _refusal(root, status, action, service, found):
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Troubleshooting.html
    shows one; the model says which codes an Action has, and their statuses."""
    _namespace(root, service, found)
    if wire.local(root.tag) != "ErrorResponse":
        found.append(f"the root of a refusal is {wire.local(root.tag)}")
        return
    names = [wire.local(child.tag) for child in root]
    if names != ["Error", "RequestId"]:
        found.append(f"ErrorResponse holds {names}")
        return
    fields = {wire.local(child.tag): child.text or "" for child in root[0]}
    if list(fields) != ["Type", "Code", "Message"]:
        found.append(f"Error holds {list(fields)}")
        return
    side = "Receiver" if status >= 500 else "Sender"
    if fields["Type"] != side:
        found.append(f"{fields['Type']} is blamed for HTTP {status}")
    if not fields["Message"]:
        found.append("a refusal without a message")
    known = dict(COMMON)
    if action in wire.model(service).operation_names:
        for shape in wire.model(service).operation_model(action).error_shapes:
            known[shape.error_code] = shape.metadata["error"]["httpStatusCode"]
    code = fields["Code"]
    if code not in known:
        found.append(f"{action} does not answer {code}")
    elif known[code] != status:
        found.append(f"{code} comes with HTTP {status}, not {known[code]}")


def structure(element, shape, path, found):
    """An element that holds members of a shape."""
    if element.text and element.text.strip():
        found.append(f"{path} holds text beside its members")
    members = {}
    for name, member in shape.members.items():
        members[member.serialization.get("name", name)] = member
    seen = set()
    for child in element:
        name = wire.local(child.tag)
        inner = f"{path}.{name}"
        if name not in members:
            found.append(f"{inner} is not in the shape {shape.name}")
        elif name in seen:
            found.append(f"{inner} is there twice")
        else:
            _value(child, members[name], inner, found)
        seen.add(name)
    for name in shape.required_members:
        if shape.members[name].serialization.get("name", name) not in seen:
            found.append(f"{path}.{name} is missing")


def _value(element, shape, path, found):
    if element.attrib:
        found.append(f"{path} has attributes")
    if shape.type_name == "structure":
        structure(element, shape, path, found)
    elif shape.type_name == "list":
        expected = shape.member.serialization.get("name", "member")
        if element.text and element.text.strip():
            found.append(f"{path} holds text beside its members")
        for index, child in enumerate(element):
            if wire.local(child.tag) != expected:
                found.append(f"{path}: a member is {wire.local(child.tag)}, not {expected}")
                continue
            _value(child, shape.member, f"{path}[{index}]", found)
    elif shape.type_name in _LEAVES:
        text = element.text or ""
        if len(element):
            found.append(f"{path} holds elements, and is a {shape.type_name}")
        elif not _LEAVES[shape.type_name].fullmatch(text):
            found.append(f"{path} is {text!r}, which is no {shape.type_name}")
        elif getattr(shape, "enum", None) and text not in shape.enum:
            found.append(f"{path} is {text!r}, which is not one of {shape.enum}")
    else:
        found.append(f"{path} is a {shape.type_name}, which nothing here can read")
