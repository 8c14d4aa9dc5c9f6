"""Query requests as they are, well formed or not, and what botocore's model of
the service says of their answers.

Knows no endpoint's behaviour: who is right is judged elsewhere.
"""

import socket
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlencode
from xml.etree import ElementTree

import botocore.session
from botocore import parsers, xform_name
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

REGION = "eu-west-1"
# botocore sends a request in two parts, and without this the second waits for
# 40 ms until the first is acknowledged.
_SESSION = URLLib3Session(timeout=60, socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)])


@cache
def model(service):
    """The service's model, as the SDKs have it."""
    return botocore.session.get_session().get_service_model(service)


@dataclass(frozen=True)
class Answer:
    """What came back: HTTP status, headers (in lowercase), and the body as it was sent."""

    status: int
    headers: dict
    body: bytes


def send(endpoint, action, parameters, service="rds", version=None, region=REGION):
    """Posts one request, signed as the SDKs sign, and checked by nobody first.

    `action` None leaves the Action out. `parameters` are pairs on the wire,
    such as `Tags.Tag.1.Key`.
    """
    pairs = [] if action is None else [("Action", action)]
    pairs.append(("Version", version or model(service).api_version))
    pairs.extend(parameters.items())
    request = AWSRequest(
        "POST",
        endpoint,
        data=urlencode(pairs),
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
    )
    SigV4Auth(Credentials("judge", "judge"), service, region).add_auth(request)
    response = _SESSION.send(request.prepare())
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, response.content)


def parse(answer, action, service="rds"):
    """The answer as botocore hands it to its users; None where botocore cannot
    read it."""
    operation = model(service).operation_names
    shape = model(service).operation_model(action).output_shape if action in operation else None
    try:
        return parsers.create_parser("query").parse(
            {"status_code": answer.status, "headers": answer.headers, "body": answer.body}, shape
        )
    except (parsers.ResponseParserError, AttributeError, KeyError, ValueError):
        return None


def local(tag):
    """An element's name without its namespace."""
    return tag.rpartition("}")[2]


def document(answer):
    """The answer's root element, or an exception of ElementTree."""
    return ElementTree.fromstring(answer.body)


def method_of(action):
    """boto3's name of an Action."""
    return xform_name(action)
