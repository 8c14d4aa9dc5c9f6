"""Sends the suite to drydock, and holds every answer to botocore's model.

    check_shapes.py DRYDOCK
"""

import sys

import endpoint
import strict
from suite import SUITE


def main(url):
    wrong = 0
    for outcome in endpoint.drydock(url).run(SUITE):
        case = outcome.case
        for complaint in strict.complaints(outcome.answer, case.action, case.service):
            print(f"{case.name}: {complaint}\n    {outcome.answer.body.decode()}")
            wrong += 1
    print(f"{len(SUITE)} answers, {wrong} complaints")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
