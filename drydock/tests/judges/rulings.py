"""Who is right where moto and drydock differ, and which document says so.

A ruling takes the differences that its patterns match in full; the first that
takes one decides it. Knows what may differ, not what does.
"""

import re
from dataclasses import dataclass

API = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/"
CLI = "https://docs.aws.amazon.com/cli/latest/reference/rds/"
STS = "https://docs.aws.amazon.com/STS/latest/APIReference/"


@dataclass(frozen=True)
class Ruling:
    """`right` is drydock, moto, either (a matter of taste or of setup) or
    neither. Patterns are regular expressions."""

    title: str
    right: str
    why: str
    document: str
    where: str = "answer"
    moto: str = ".*"
    drydock: str = ".*"
    request: str = ".*"

    def takes(self, difference):
        patterns = [
            (self.where, difference.where),
            (self.moto, difference.moto),
            (self.drydock, difference.drydock),
            (self.request, difference.request),
        ]
        return all(re.fullmatch(pattern, text) for pattern, text in patterns)


INSTANCE = r"DBInstances?(\[\])?\."
SNAPSHOT = r"DBSnapshots?(\[\])?\."

RULINGS = [
    # What is refused, and how.
    Ruling("An Action that is not", "drydock",
           "The common errors have InvalidAction and MissingAction; moto answers with a page of HTML, or "
           "takes any version of the API.",
           API + "CommonErrors.html", drydock="400 (InvalidAction|MissingAction)",
           request="no such Action|no Action|another version of the API"),
    Ruling("An Action that drydock does not have", "moto",
           "RDS has it. drydock says clearly that it does not, rather than to answer half of it.",
           API + "API_DescribeDBLogFiles.html", drydock="400 InvalidAction"),
    Ruling("A parameter that is not", "drydock",
           "A misspelt parameter is refused, not ignored. Restores take no password: it is the source's.",
           API + "CommonErrors.html", moto="accepted", drydock="400 InvalidQueryParameter"),
    Ruling("A parameter that is missing", "drydock",
           "The model calls it required; moto fails on its absence with HTTP 500 and HTML.",
           API + "CommonErrors.html", drydock="400 MissingParameter"),
    Ruling("A number in words", "drydock",
           "The model says that it is an integer; moto fails with HTTP 500 and HTML.",
           API + "CommonErrors.html", moto="500, not XML", drydock="400 InvalidParameterValue"),
    Ruling("Storage, versions and ports of a new instance", "drydock",
           "moto takes any size, type, IOPS, class, version, port and retention. The tables of storage say "
           "what RDS takes; gp3 below 400 GiB takes no IOPS, io1 needs them, gp2 has none to set.",
           GUIDE + "CHAP_Storage.html", moto="accepted",
           drydock="400 (InvalidParameterValue|InvalidParameterCombination|StorageTypeNotSupported)",
           request="create (of|with(out)?) (5 GiB|a version.*|a class.*|a storage type.*|.*IOPS.*|storage|"
                   "a port.*|36 days.*)"),
    Ruling("Names, passwords and tags of a new instance", "drydock",
           "CreateDBInstance lists the constraints of each; moto checks few.",
           API + "API_CreateDBInstance.html", moto="accepted", drydock="400 InvalidParameter.*",
           request="create .*|snapshot with a digit first"),
    Ruling("Pages of fewer than 20 and more than 100", "drydock",
           "MaxRecords has a minimum of 20 and a maximum of 100.",
           API + "API_DescribeDBInstances.html", drydock="400 InvalidParameterValue",
           request="describe a page of .*"),
    Ruling("A storage that shrinks", "drydock",
           "Storage cannot be reduced after it was allocated.",
           GUIDE + "USER_PIOPS.ModifyingExisting.html", drydock="400 InvalidParameter.*",
           request="modify storage to less"),
    Ruling("A password that is too short, in a change", "drydock",
           "The constraints of MasterUserPassword are those of CreateDBInstance.",
           API + "API_ModifyDBInstance.html", request="modify to a short password"),
    Ruling("A stopped instance", "drydock",
           "It cannot be modified before it is started.",
           GUIDE + "USER_StopInstance.html", drydock="400 InvalidDBInstanceState",
           request="modify a stopped one"),
    Ruling("A name that is taken", "drydock",
           "DBInstanceAlreadyExists is among the errors of ModifyDBInstance; with moto the other instance is gone.",
           API + "API_ModifyDBInstance.html", drydock="400 DBInstanceAlreadyExists",
           request="rename to a name that is taken"),
    Ruling("A group that is absent, or in use", "drydock",
           "The errors of the Actions say so; moto answers with an empty list, or deletes what an instance "
           "uses, and cannot describe that instance afterwards.",
           API + "API_DeleteDBParameterGroup.html", moto="accepted",
           drydock="404 DBParameterGroupNotFound|400 Invalid(DBParameterGroupState|DBSubnetGroupStateFault)"),
    Ruling("Subnet groups", "drydock",
           "A name is taken once, and two Availability Zones are the least.",
           API + "API_CreateDBSubnetGroup.html", moto="accepted", drydock="400 DBSubnetGroup.*"),
    Ruling("Families and names of parameters", "drydock",
           "moto knows neither which families nor which parameters there are, nor that a static parameter "
           "cannot change at once.",
           API + "API_ModifyDBParameterGroup.html", moto="accepted", drydock="400 InvalidParameter.*",
           request="parameter group of no family|set a.*"),
    Ruling("The tags of what is absent", "drydock",
           "DBInstanceNotFound is among the errors of ListTagsForResource.",
           API + "API_ListTagsForResource.html", drydock="404 DBInstanceNotFound",
           request="tags of an absent one"),
    Ruling("A restore to no time", "drydock",
           "One of RestoreTime and UseLatestRestorableTime must be there; moto does not ask, and stumbles "
           "over the name.",
           API + "API_RestoreDBInstanceToPointInTime.html", request="restore to no time"),
    Ruling("Engine versions and what can be ordered", "drydock",
           "The Actions list what there is; moto answers with HTTP 500, or with an empty list.",
           API + "API_DescribeDBEngineVersions.html",
           where=r"answer|OrderableDBInstanceOptions\[\]", request="engine versions|orderable options"),
    Ruling("The final snapshot", "drydock",
           "A FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot, and excluded with it; moto "
           "deletes the instance, data and all.",
           API + "API_DeleteDBInstance.html", drydock="400 InvalidParameterCombination",
           request="delete (and say nothing of|with and without) a snapshot"),
    # What takes its time.
    Ruling("Statuses on the way", "drydock",
           "The page of statuses has creating, modifying, rebooting, starting, stopping and "
           "resetting-master-credentials, and snapshots have creating; in moto all is over at once.",
           GUIDE + "accessing-monitoring.html", where=rf"({INSTANCE}DBInstanceStatus|{SNAPSHOT}Status)",
           moto="`(available|stopped)`", drydock="`(creating|modifying|rebooting|starting|stopping|resetting.*)`"),
    Ruling("What an instance lacks that is being created", "drydock",
           "The CLI's example of CreateDBInstance shows neither endpoint nor times.",
           CLI + "create-db-instance.html",
           where=INSTANCE + "(Endpoint|InstanceCreateTime|LatestRestorableTime)", drydock="absent"),
    Ruling("What waits", "drydock",
           "Without ApplyImmediately a change waits for the maintenance window in PendingModifiedValues, an "
           "element that is empty where nothing waits; moto applies all at once, has no such element, and so "
           "runs ahead with the class and the storage, also into restores.",
           API + "API_PendingModifiedValues.html",
           where=INSTANCE + "(PendingModifiedValues|DBInstanceClass|AllocatedStorage)"),
    Ruling("What a snapshot lacks that is being created", "drydock",
           "It has its times when it is complete, and says how far it is.",
           API + "API_DBSnapshot.html",
           where=SNAPSHOT + "(SnapshotCreateTime|OriginalSnapshotCreateTime|PercentProgress)"),
    Ruling("A deleted snapshot", "drydock", "The CLI's example shows the status deleted.",
           CLI + "delete-db-snapshot.html", where=SNAPSHOT + "Status", drydock="`deleted`"),
    # What answers hold.
    Ruling("PostgreSQL's licence", "drydock",
           "PostgreSQL's is postgresql-license; moto shows MySQL's.",
           API + "API_CreateDBInstance.html", where=INSTANCE + "LicenseModel"),
    Ruling("The default option group", "drydock",
           "It is named for the engine's major version, which for PostgreSQL is one number.",
           CLI + "describe-option-groups.html", where=INSTANCE + r"OptionGroupMemberships\[\]\.OptionGroupName"),
    Ruling("The certificate authority", "drydock",
           "rds-ca-rsa2048-g1 is the default; moto's rds-ca-default is none of the authorities.",
           GUIDE + "UsingWithRDS.SSL.html", where=INSTANCE + "CACertificateIdentifier"),
    Ruling("The type of storage that no request named", "drydock",
           "The default is io1 with Iops, and otherwise gp3, with which snapshots and restores go on; moto has "
           "an older default.",
           API + "API_CreateDBInstance.html", where=INSTANCE + "StorageType", moto="`gp2`", drydock="`gp3`"),
    Ruling("What gp3 has below 400 GiB", "drydock",
           "3,000 IOPS and 125 MiB/s are included, and cannot be asked for.",
           GUIDE + "CHAP_Storage.html", where=f"({INSTANCE}|{SNAPSHOT})(Iops|StorageThroughput)",
           moto="absent", drydock="`(3000|125)`"),
    Ruling("The subnet group of an instance that names none", "drydock",
           "It is in the VPC's default one, which the answer shows.",
           API + "API_CreateDBInstance.html", where=INSTANCE + "DBSubnetGroup", moto="absent"),
    Ruling("The networks of a subnet group", "drydock",
           "SupportedNetworkTypes is a member of DBSubnetGroup.",
           API + "API_DBSubnetGroup.html", where=r"(.*\.)?DBSubnetGroups?(\[\])?\.SupportedNetworkTypes",
           moto="absent"),
    Ruling("The second zone of Multi-AZ", "drydock",
           "SecondaryAvailabilityZone is there where an instance has one.",
           API + "API_DBInstance.html", where=INSTANCE + "SecondaryAvailabilityZone", moto="absent"),
    Ruling("When a stopped instance starts by itself", "drydock",
           "It does after seven days, and AutomaticRestartTime is a member of DBInstance.",
           GUIDE + "USER_StopInstance.html", where=INSTANCE + "AutomaticRestartTime", moto="absent"),
    Ruling("Members of an instance that moto leaves out", "drydock",
           "They are members of DBInstance, and RDS shows them for PostgreSQL.",
           API + "API_DBInstance.html",
           where=INSTANCE + r"(BackupTarget|CertificateDetails|CustomerOwnedIpEnabled|DatabaseInsightsMode|"
                 r"DedicatedLogVolume|EngineLifecycleSupport|NetworkType|PerformanceInsightsEnabled|"
                 r"PubliclyAccessible|Endpoint\.HostedZoneId)", moto="absent"),
    Ruling("Members of a snapshot that moto leaves out", "drydock",
           "They are members of DBSnapshot, and the CLI's examples show them.",
           CLI + "delete-db-snapshot.html",
           where=SNAPSHOT + "(AvailabilityZone|LicenseModel|StorageType|SourceDBSnapshotIdentifier)",
           moto="absent"),
    Ruling("Members of an automated backup that moto leaves out", "drydock",
           "They are members of DBInstanceAutomatedBackup.",
           API + "API_DBInstanceAutomatedBackup.html", where=r"DBInstanceAutomatedBackups\[\].*"),
    Ruling("The tags of what is restored", "drydock",
           "Without Tags in the request they are the snapshot's; moto takes the instance's that was saved.",
           API + "API_RestoreDBInstanceFromDBSnapshot.html", where=INSTANCE + r"TagList.*",
           request=".*restore.*"),
    Ruling("A restored instance is no replica", "drydock",
           "The member names the source of a read replica, and a restore is none.",
           API + "API_DBInstance.html", where=INSTANCE + "ReadReplicaSourceDBInstanceIdentifier"),
    Ruling("Parameters that were accepted wrongly", "drydock",
           "moto lists those that it should have refused.",
           API + "API_ModifyDBParameterGroup.html",
           where=r"Parameters\[\](\.Parameter(Name|Value))?"),
    Ruling("What a parameter is like", "drydock",
           "They are members of Parameter, and the CLI's example shows them of each; Source is what the "
           "request filters by.",
           CLI + "describe-db-parameters.html",
           where=r"Parameters\[\]\.(AllowedValues|ApplyType|DataType|Description|IsModifiable|Source)",
           moto="absent"),
    Ruling("Who calls", "either",
           "Whose credentials they are is each emulator's invention.",
           STS + "API_GetCallerIdentity.html", where="Arn"),
]
