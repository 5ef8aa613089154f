package store

import "leadline/backend/onlinechat"

type teamRow struct {
	ID      string `gorm:"primaryKey"`
	Created int64  `gorm:"column:created_at"`
}

func (teamRow) TableName() string { return "teams" }

type userRow struct {
	ID           string `gorm:"primaryKey"`
	Team         string `gorm:"column:team_id"`
	Email        string
	Role         string
	PasswordHash string
	Verified     int64 `gorm:"column:verified_at"`
	Locale       string
	Created      int64 `gorm:"column:created_at"`
}

func (userRow) TableName() string { return "users" }

type accountRow struct {
	ID             string `gorm:"primaryKey"`
	Team           string `gorm:"column:team_id"`
	Product        string
	CRMID          int64 `gorm:"column:crm_id"`
	AmojoID        string
	Host           string
	Name           string
	State          string
	Reason         string
	Scope          string
	ConnectedBy    string
	PausedUntil    int64
	AccessSealed   string
	RefreshSealed  string
	TokenExpiresAt int64
	RefreshHolder  string
	RefreshUntil   int64
	GapSince       int64
	GapAt          int64
	Created        int64 `gorm:"column:created_at"`
	Updated        int64 `gorm:"column:updated_at"`
}

func (accountRow) TableName() string { return "accounts" }

type claimRow struct {
	Product     string `gorm:"primaryKey"`
	CRMID       int64  `gorm:"column:crm_id;primaryKey;autoIncrement:false"`
	CRMUser     int64  `gorm:"column:crm_user"`
	AdminProven bool
	Team        string `gorm:"column:team_id"`
	User        string `gorm:"column:user_id"`
	AmojoID     string
	Host        string
	Locale      string
	Refused     string
	Created     int64 `gorm:"column:created_at"`
}

func (claimRow) TableName() string { return "claims" }

type grantRow struct {
	ID         string `gorm:"primaryKey"`
	Product    string
	CodeSealed string
	Host       string
	Team       string `gorm:"column:team_id"`
	User       string `gorm:"column:user_id"`
	Locale     string
	ReceivedAt int64
}

func (grantRow) TableName() string { return "grants" }

type onlineChatRow struct {
	ID               string `gorm:"primaryKey"`
	Account          string `gorm:"column:account_id"`
	Name             string
	Pipeline         int64 `gorm:"column:pipeline_id"`
	SourceExternalID string
	SourceID         int64
	ExternalKind     string
	ExternalField    int64
	ExternalName     string
	IdentityMode     string
	IdentityChosen   int
	ShortID          int64 `gorm:"column:short_id_at"`
	IsDefault        int
	Several          int
	Greets           int
	Numbered         int64
	Hours            string
	NoCallBacks      int `gorm:"column:no_callbacks"`
	OnlineText       string
	AwayText         string
	AwayAsk          string
	Removed          int64 `gorm:"column:removed_at"`
	Created          int64 `gorm:"column:created_at"`
}

func (onlineChatRow) TableName() string { return "online_chats" }

type identityKeyRow struct {
	Chat     string `gorm:"primaryKey;column:chat_id"`
	ID       string `gorm:"primaryKey"`
	Alg      string
	Material string // a secret is sealed
	Created  int64  `gorm:"column:created_at"`
}

func (identityKeyRow) TableName() string { return "identity_keys" }

type buttonRow struct {
	Number       int64  `gorm:"primaryKey;autoIncrement"`
	ID           string `gorm:"column:id"`
	Account      string `gorm:"column:account_id"`
	Hash         string
	Chat         string   `gorm:"column:chat_id"`
	TrustedSites []string `gorm:"serializer:json"`
	InApp        bool
	Locale       string
	// Look is that of the domain as JSON; empty for the default one.
	Look     string
	Channels []onlinechat.Channel `gorm:"serializer:json"`
	Card     string               `gorm:"column:card_id"`
	Removed  int64                `gorm:"column:removed_at"`
	Created  int64                `gorm:"column:created_at"`
}

func (buttonRow) TableName() string { return "buttons" }

type crmHookRow struct {
	Hash         string `gorm:"primaryKey"`
	Account      string `gorm:"column:account_id"`
	SecretSealed string
	Created      int64 `gorm:"column:created_at"`
}

func (crmHookRow) TableName() string { return "crm_hooks" }

type operatorRow struct {
	Account string `gorm:"column:account_id;primaryKey"`
	UserRef string `gorm:"primaryKey"`
	CRMUser int64  `gorm:"column:crm_user"`
	Name    string
	Avatar  string
	// Picture is the file that is our copy of PictureOf.
	Picture   string
	PictureOf string
}

func (operatorRow) TableName() string { return "operators" }

// models are all rows, for the test that compares them with the migrations.
var models = []any{
	teamRow{}, userRow{}, accountRow{}, claimRow{}, grantRow{}, onlineChatRow{}, buttonRow{},
	visitorRow{}, conversationRow{}, chatRefRow{}, messageRow{}, outboxRow{}, fileRow{}, parkedRow{}, markRow{},
	crmHookRow{}, operatorRow{}, ticketRow{}, logRow{}, teamLogRow{}, sessionRow{}, inviteRow{}, transferRow{}, identityKeyRow{}, callBackRow{}, cardPageRow{}, cardSlugRow{}, presenceRow{}, incidentRow{}, toldRow{}, metaRow{},
}
