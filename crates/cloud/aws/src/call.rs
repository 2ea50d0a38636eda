//! The calls of EC2 that this crate makes.

/// A call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ec2Call {
    DescribeInstanceTypes,
    DescribeImages,
    DescribeSubnets,
    DescribeRouteTables,
    DescribeSecurityGroups,
    DescribeSecurityGroupRules,
    AuthorizeSecurityGroupIngress,
    RunInstances,
    DescribeInstances,
    CreateTags,
    StopInstances,
    StartInstances,
    TerminateInstances,
    RevokeSecurityGroupIngress,
}

impl Ec2Call {
    /// Every call.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 14] = [
        Self::DescribeInstanceTypes,
        Self::DescribeImages,
        Self::DescribeSubnets,
        Self::DescribeRouteTables,
        Self::DescribeSecurityGroups,
        Self::DescribeSecurityGroupRules,
        Self::AuthorizeSecurityGroupIngress,
        Self::RunInstances,
        Self::DescribeInstances,
        Self::CreateTags,
        Self::StopInstances,
        Self::StartInstances,
        Self::TerminateInstances,
        Self::RevokeSecurityGroupIngress,
    ];

    /// Its name in the API.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::DescribeInstanceTypes => "DescribeInstanceTypes",
            Self::DescribeImages => "DescribeImages",
            Self::DescribeSubnets => "DescribeSubnets",
            Self::DescribeRouteTables => "DescribeRouteTables",
            Self::DescribeSecurityGroups => "DescribeSecurityGroups",
            Self::DescribeSecurityGroupRules => "DescribeSecurityGroupRules",
            Self::AuthorizeSecurityGroupIngress => "AuthorizeSecurityGroupIngress",
            Self::RunInstances => "RunInstances",
            Self::DescribeInstances => "DescribeInstances",
            Self::CreateTags => "CreateTags",
            Self::StopInstances => "StopInstances",
            Self::StartInstances => "StartInstances",
            Self::TerminateInstances => "TerminateInstances",
            Self::RevokeSecurityGroupIngress => "RevokeSecurityGroupIngress",
        }
    }

    /// Its action in IAM policies.
    pub(crate) fn action(self) -> String {
        format!("ec2:{}", self.name())
    }

    /// Whether it reads alone.
    pub(crate) fn is_describe(self) -> bool {
        self.name().starts_with("Describe")
    }
}
