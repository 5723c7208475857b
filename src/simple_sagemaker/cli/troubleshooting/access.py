"""Credentials, permissions and quotas."""

from __future__ import annotations

from .entry import Entry

TITLE = "Credentials, permissions, quotas"
_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
ENTRIES = (
    Entry(
        word="credentials",
        title="AWS credentials were not found",
        statuses=(5,),
        ours=(
            "This needs AWS, and no credentials were found.",
            "Configure credentials: aws configure, AWS_PROFILE, …",
            "Could not get credentials from ….",
        ),
        theirs=("NoCredentialsError", "Unable to locate credentials", "PartialCredentialsError"),
        means=(
            "ssm looks where every AWS client does: variables, the profile of AWS_PROFILE, ~/.aws, single sign-on, "
            "the role of the machine. It found none, or none that is whole."
        ),
        do=(
            "aws configure, or aws sso login with AWS_PROFILE set; aws sts get-caller-identity shows who you are.",
            "Without an account: --it local, SSM_ENGINE=local, or ssm emulator.",
            "In CI: a role by OIDC (aws-actions/configure-aws-credentials) rather than keys.",
        ),
        also="login keys sso profile account",
        page="aws.md",
        sources=("https://docs.aws.amazon.com/boto3/latest/guide/credentials.html",),
    ),
    Entry(
        word="region",
        title="No AWS region is set",
        ours=("This needs AWS, and no region is set.", "No region of AWS is set."),
        theirs=("NoRegionError", "You must specify a region"),
        means="Jobs, buckets and images belong to a region, and none was named.",
        do=("AWS_REGION=us-east-1, --aws_region us-east-1, or aws configure set region us-east-1.",),
        also="AWS_REGION AWS_DEFAULT_REGION",
        page="aws.md",
        is_plain=True,
    ),
    Entry(
        word="expired",
        title="The credentials have expired",
        ours=(
            "The credentials have expired.",
            "The AWS credentials have expired (…)",
            "You are not signed in to AWS any more: aws sso login.",
            "You are not signed in to AWS any more: aws login.",
        ),
        theirs=("ExpiredToken", "ExpiredTokenException", "RequestExpired", "Token has expired and refresh failed"),
        means=(
            "Temporary credentials live for one to twelve hours as a rule. A job that has started goes on without "
            "yours."
        ),
        do=(
            "Renew them (aws sso login, a new role session) and run the same command: it joins the job.",
            "A command that follows a job goes on by itself once they are renewed in place.",
        ),
        also="token session sso expiredtoken",
        page="aws.md",
    ),
    Entry(
        word="invalid-credentials",
        title="AWS does not accept the credentials",
        ours=("AWS does not accept the credentials (…).",),
        theirs=(
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "SignatureDoesNotMatch",
            "InvalidAccessKeyId",
            "RequestTimeTooSkewed",
            "AuthFailure",
            "The security token included in the request is invalid",
        ),
        means=(
            "The keys are wrong, deleted or of another account; the session token belongs to other keys; this "
            "machine's clock is off by minutes; or the region has to be switched on for the account first."
        ),
        do=(
            "aws sts get-caller-identity: does it fail, too?",
            "unset AWS_SESSION_TOKEN if you set new keys by hand.",
            "Set the clock (timedatectl), and check the region under Account, AWS Regions.",
            "Keys of ssm emulator belong to one start of it: source its aws.env again.",
        ),
        also="signature keys token clock skew",
        page="aws.md",
    ),
    Entry(
        word="profile",
        title="The AWS profile or its file cannot be used",
        ours=("Check AWS_PROFILE and ~/.aws/config (aws configure list-profiles).",),
        theirs=("ProfileNotFound", "The config profile (…) could not be found", "ConfigParseError"),
        means=(
            "AWS_PROFILE, --aws_profile or the project file names a profile that ~/.aws/config does not have, or the "
            "file is not as AWS writes it."
        ),
        do=("aws configure list-profiles shows the names.", "ssm config shows which setting names it."),
        also="AWS_PROFILE config",
        page="project-file.md",
        is_plain=True,
    ),
    Entry(
        word="denied",
        title="AWS does not allow it",
        statuses=(8,),
        ours=(
            "Not allowed: … may not ….",
            "access denied: … on s3://…",
            "Ask for that action, or name a bucket of your own",
        ),
        theirs=(
            "AccessDenied",
            "AccessDeniedException",
            "is not authorized to perform",
            "UnauthorizedOperation",
            "403 Forbidden",
            "explicit deny",
        ),
        means=(
            "A policy does not allow the action, or one denies it: an explicit deny (in an organization's policy, a "
            "bucket's, a permissions boundary) wins over every permission. The message names who may not do what."
        ),
        do=(
            "Give the statement in the message to whoever looks after the account.",
            "docs/aws.md has the whole policy that ssm needs, and what a role of your own must allow.",
            "Not allowed to make roles: --role_name names one that exists. To make buckets: --bucket_name.",
            "A key of KMS has a policy of its own, which must allow you and the job's role.",
        ),
        also="permission iam policy forbidden 403 passrole kms scp",
        page="aws.md",
        sources=(f"{_IAM}/reference_policies_evaluation-logic.html",),
    ),
    Entry(
        word="role",
        title="SageMaker cannot use the job's role",
        ours=(
            "SageMaker cannot use the job's role: …",
            "The role … keeps being changed by others.",
            "…: the account … has no such role.",
        ),
        theirs=("Could not assume role", "trust relationship policy allows the action"),
        means=(
            "The role must trust sagemaker.amazonaws.com, and you must be allowed to pass it (iam:PassRole). A role "
            "that was made a moment ago is not known everywhere for some seconds."
        ),
        do=(
            (
                'Its trust policy needs: {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, '
                '"Action": "sts:AssumeRole"}.'
            ),
            "Leave --role_name out: ssm makes one.",
            "Just made it: run again in a minute.",
        ),
        also="assume role passrole trust execution role",
        page="aws.md",
        sources=("https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html",),
    ),
    Entry(
        word="bucket-owner",
        title="The bucket belongs to another account",
        ours=(
            "Bucket … belongs to another account than …",
            "Bucket …, the default one, exists and belongs to another account….",
        ),
        means=(
            "Names of buckets are shared by the whole world, and SageMaker's default name can be guessed. ssm sends "
            "code and data only to buckets of your account, unless you name their owner."
        ),
        do=(
            "A bucket of yours: --bucket_name NAME.",
            "A bucket of an account that you trust: --bucket_owner ACCOUNT beside it.",
        ),
        also="bucket account foreign squatting",
        page="security.md",
        is_plain=True,
    ),
    Entry(
        word="bucket-region",
        title="A bucket is in another region than the job",
        ours=("A bucket is in another region than …",),
        theirs=("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"),
        means="SageMaker reads and writes buckets of the job's own region only.",
        do=(
            "Run the job where the bucket is: --aws_region.",
            "Or copy the data: aws s3 sync s3://FROM s3://TO --source-region … --region ….",
        ),
        also="region redirect 301",
        page="aws.md",
        is_plain=True,
    ),
    Entry(
        word="quota",
        title="The account's quota does not allow this job",
        statuses=(9,),
        ours=(
            "The account's quota does not allow this job: '…' is ….",
            "… would go beyond a quota of the account: …",
        ),
        theirs=(
            "ResourceLimitExceeded",
            "The account-level service limit …",
            "LimitExceeded",
            "ServiceQuotaExceededException",
            "TooManyBuckets",
        ),
        means=(
            "Each type of machine has a quota of its own in each region, and spot, processing and warm pools have "
            "others than training. It counts machines, not jobs. New accounts have 0 or 1 of most GPU types."
        ),
        do=(
            (
                "Ask for more with the two commands in the message, or on the page it names. Once granted it takes "
                "up to half an hour to count."
            ),
            "Wait until other jobs have ended: ssm ls --all_projects --running.",
            "Spot and on-demand are two quotas: try --no_spot, or leave it out.",
            "Another size of the same family often has a quota left: --it.",
        ),
        also="limit exceeded instances service quotas increase instances",
        page="aws.md",
        sources=("https://repost.aws/knowledge-center/sagemaker-resource-limit-exceeded",),
    ),
)
