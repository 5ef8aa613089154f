// For pages with the snippet: import "@leadline/site-chat/global" tells TypeScript of what the snippet puts on the page.
import type { ChatConfig, Command, Settings } from "./api";

declare global {
  interface Window {
    crmPlugin?: Command;
    crm_plugin?: Settings;
    crmPluginConfig?: ChatConfig;
    amoSocialButton?: Command;
    amo_social_button?: Settings;
    amoSocialButtonConfig?: ChatConfig;
  }
}
